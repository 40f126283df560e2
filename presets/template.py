"""A preset as a TOML file to edit: every key with what it means, what it may be and what it is."""

import json
import textwrap
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from presets import Preset
from presets.graphics import Caption, PlacedGraphic, kind_names, lines_of
from presets.preset import with_files

HEAD = """\
# The look of a series. Change what you like below; a key that you delete takes its default again.
# Lines that begin with # are remarks. What to do next:
#
#   episode presets check {file}                       names the first slip, if there is one
#   episode presets show {file} --picture look.png     draws one picture of everything
#   episode render interview.mov --preset {file}       makes an episode with this look"""
EXAMPLE_KIND = "chapter"
OTHERS = ", ".join(name for name in kind_names() if name != EXAMPLE_KIND)
EXAMPLE = "\n".join(
    textwrap.wrap(
        "Graphics that stand in every episode, as many as you like. Take away the # to use this one; start and end are seconds "
        f'of the episode or "00:01:10", without an end it stays until the footage is over. Other kinds: {OTHERS}.',
        width=119, initial_indent="# ", subsequent_indent="# ",
    )
) + f"""
#
# [[graphics]]
# kind = "{EXAMPLE_KIND}"
# number = 3
# text = "Литейный цех"
# start = 12
# end = 16.5"""  # fmt: skip


def template(preset: Preset, file: str = "NAME.toml") -> str:
    """The text of a preset's file, without the last line's end; file: its name in the remarks.

    presets.load gives an equal preset from it, wherever the preset's own fonts and pictures are found.
    """
    parts = [HEAD.format(file=json.dumps(file, ensure_ascii=False) if " " in file else file)]
    sections = {name: getattr(preset, name) for name in Preset.model_fields if name != "graphics"}
    parts += [_section(name, section) for name, section in sections.items()]
    return "\n\n\n".join([*parts, EXAMPLE, *(_graphic(placed) for placed in preset.graphics)])


def portable(preset: Preset, folder: Path) -> tuple[Preset, list[str]]:
    """A preset loaded from a folder, with the fonts, pictures and sounds that lie there named relative to it, and those names."""
    own: list[str] = []

    def relative(key: str, name: str) -> str:
        if not Path(name).is_absolute():
            return name
        own.append(Path(name).relative_to(folder.resolve()).as_posix())
        return own[-1]

    return with_files(preset, relative), own


def _section(name: str, section: BaseModel) -> str:
    schema = type(section).model_json_schema()
    lines = [f"[{name}]  # {schema['description']}"]
    for key, about in schema["properties"].items():
        value = getattr(section, key)
        limits = _limits(about) + (
            [f"default {_toml(about['default'])}"] if about["default"] not in (value, "", []) else []
        )
        lines += ["", f"# {about['description']}" + (f" ({'; '.join(limits)})" if limits else "")]
        lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines)


def _limits(about: dict[str, Any]) -> list[str]:
    """What a key may be, in words, from its JSON schema."""
    if about["type"] == "boolean":
        return ["true or false"]
    if "enum" in about:
        *first, last = map(_toml, about["enum"])
        return [f"{', '.join(first)} or {last}"]
    if "minimum" in about:
        return [f"{about['minimum']} to {about['maximum']}"]
    if "maxLength" in about:
        return [f"at most {about['maxLength']} characters"]
    return [f"at most {about['maxItems']}"] if "maxItems" in about else []


def _graphic(placed: PlacedGraphic) -> str:
    values = placed.model_dump(exclude_defaults=True) | {"kind": placed.kind}
    if isinstance(placed, Caption):
        text = "\n".join(" ".join(word.text for word in line) for line in placed.lines)
        lines = [[word.model_dump(exclude_defaults=True) for word in line] for line in placed.lines]
        if lines == lines_of(text, placed.start, placed.end):  # otherwise its words have times or colours of their own
            values = {key: value for key, value in values.items() if key != "lines"} | {"text": text}
    rows = [f"{key} = {_toml(value)}" for key, value in sorted(values.items(), key=lambda item: item[0] != "kind")]
    return "\n".join(["[[graphics]]", *rows])


def _toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML alone escapes DEL
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {_toml(inner)}' for key, inner in value.items())} }}"
        case float() if value.is_integer():
            return str(int(value))
    return json.dumps(value)
