"""What pydantic found wrong with somebody's data, as one sentence."""

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """One sentence for the first thing that is wrong, with the nearest known key of the model for an unknown one."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(first["loc"][-1]), sorted(_keys(model)), n=1, cutoff=0.5)
        return f"unknown key {place}" + (f"; did you mean {near[0]}?" if near else ".")
    reason = str(first.get("ctx", {}).get("error", first["msg"])).rstrip(".")
    return f"{place}: {reason}." if place else f"{reason}."


def _keys(model: type[BaseModel]) -> set[str]:
    names = {field.alias or name for name, field in model.model_fields.items()}
    return names.union(*(_keys(inner) for field in model.model_fields.values() for inner in _models(field.annotation)))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type mentions, as those of list[A | B]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
