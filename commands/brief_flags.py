"""The flags of `episode render` and `episode plan`, made once, from the fields of a brief and of its footage."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from basis.errors import WrongUse
from commands.options import delivery_names, preset_names
from pipeline.brief import OF_SEVERAL, Brief, Footage, beside, make_brief, read_brief

FLAG = {  # where it is not the key's own name
    "people": ["--person"], "shots": ["--shot"], "keep_pauses": ["--keep-pause"], "following": ["--next"],
    "output": ["-o", "--output"], "footage.captions": ["--footage-captions"],
    "footage.captions_offset": ["--footage-captions-offset"],
}  # fmt: skip
NO_FLAG = {"footage", "graphics", "footage.file", "footage.audio_offset"}
COMPLETION = {"preset": preset_names, "delivery": delivery_names}


@dataclass(frozen=True)
class Asked:
    """What the command line says of an episode: its files, and the keys of the brief and of its footage that are given."""

    files: list[Path]
    keys: dict[str, Any]

    def brief(self) -> Brief:
        """The brief that the flags make, or the one in a .toml file with the flags in place of its own values."""
        if not self.files:
            raise WrongUse("Name a footage file or an episode brief; `episode render --help` shows how.")
        of_footage = {key: value for key, value in self.keys.items() if key.startswith("footage.")}
        own = {key: value for key, value in self.keys.items() if key not in of_footage}
        if self.files[0].suffix.lower() == ".toml":
            if len(self.files) > 1 or of_footage:
                *first, last = (_names(key)[0] for key in brief_fields() if key.startswith("footage."))
                flags = f"{', '.join(first)} or {last}"
                raise WrongUse(f"A brief lists its own footage; give it alone, without other files, {flags}.")
            whole = read_brief(self.files[0]).model_dump(by_alias=True) | own
            return beside(make_brief(whole, str(self.files[0])), Path())
        footage: list[dict[str, Any]] = [{"file": file} for file in self.files]
        for key, value in of_footage.items():
            each = value if isinstance(value, list) else [value] * len(footage)
            if len(each) != len(footage):
                often = "once" if len(each) == 1 else f"{len(each)} times"
                raise WrongUse(
                    f"{_names(key)[0]} is given {often} for {len(footage)} files; give it once for each file."
                )
            for part, its_own in zip(footage, each, strict=True):
                part[key.removeprefix("footage.")] = its_own
        return beside(make_brief({"footage": footage} | own, "The command line"), Path())


def brief_fields() -> dict[str, FieldInfo]:
    """The keys of a brief that are flags, those of its footage with footage. before them."""
    of_footage = {f"footage.{field.alias or key}": field for key, field in Footage.model_fields.items()}
    return {key: field for key, field in (of_footage | Brief.model_fields).items() if key not in NO_FLAG}


def brief_flag(key: str) -> Any:
    """The flag by which a key of the brief is given, with its help and what a shell offers."""
    field = brief_fields()[key]
    each = "; once for each file" if _is_of_each_file(key) else ""
    metavar = f"<{_kind(field).__name__.lower()}>" if _is_several(key, field) else None  # not <list[Path]>
    words = f"{field.description}{each}."
    return typer.Option(*_names(key), help=words, metavar=metavar, autocompletion=COMPLETION.get(key))


def with_brief(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the files and a flag for each key of the brief in place of its parameter `asked`."""
    fields = brief_fields()
    keys = {key.replace(".", "_"): key for key in fields}
    files = Annotated[list[Path] | None, typer.Argument(help="Footage files in order, or one episode brief (.toml).")]
    flags = {name: Annotated[_type(key, fields[key]), brief_flag(key)] for name, key in keys.items()}
    named = inspect.Parameter.KEYWORD_ONLY
    own = [one for one in inspect.signature(command).parameters.values() if one.name != "asked"]
    taken = {"files": files} | flags
    parameters = [inspect.Parameter(name, named, default=None, annotation=kind) for name, kind in taken.items()]
    parameters += [one.replace(kind=named) for one in own]

    def called(files: list[Path] | None, **values: Any) -> None:
        given = {key: values.pop(name) for name, key in keys.items()}
        told = {key: value for key, value in given.items() if value is not None and value is not False}
        command(asked=Asked(files or [], told), **values)

    called.__name__ = command.__name__
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    called.__dict__["__signature__"] = inspect.Signature(parameters)
    return called


def _names(key: str) -> list[str]:
    return FLAG.get(key) or [f"--{key.removeprefix('footage.').replace('_', '-')}"]


def _is_of_each_file(key: str) -> bool:
    return key.startswith("footage.") and key.removeprefix("footage.") not in OF_SEVERAL


def _is_several(key: str, field: FieldInfo) -> bool:
    return get_origin(field.annotation) is list or _is_of_each_file(key)


def _kind(field: FieldInfo) -> Any:
    """What a flag is read as: yes or no, a number, a file, one of a few words, else text that the brief reads."""
    for part in (field.annotation, *get_args(field.annotation)):  # File | None and the like
        plain = get_args(part)[0] if get_origin(part) is Annotated else part
        if plain in (bool, int, Path) or get_origin(plain) is Literal:
            return plain
    return str


def _type(key: str, field: FieldInfo) -> Any:
    """The type of a flag's parameter."""
    kind: Any = _kind(field)
    return bool if kind is bool else (list[kind] if _is_several(key, field) else kind) | None
