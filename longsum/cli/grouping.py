"""Option groups: dataclasses that a command takes whole and its help shows field by field."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from inspect import Parameter
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

OPTION = "typer"
"""Key of typer's option in the metadata of a field."""


def panel(name: str | None) -> Callable[..., Any]:
    """Return a function that declares options of one panel of the help.

    `steps: int = in_training(1000, metavar="N", help="Optimizer steps.")` declares one, as a field
    of a group or a parameter of a grouped command: the default, then typer's own arguments. An
    option without a default is required.
    """

    def option(default: Any = MISSING, *flags: str, **more: Any) -> Any:
        found = typer.Option(*flags, rich_help_panel=name, **more)
        return field(default=default, metadata={OPTION: found})

    return option


class Without:
    """Omits fields of a group from a command, which gets their defaults.

    `model: Annotated[ModelOptions, Without("download")]`
    """

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Expand the groups among a command's parameters into single options for typer."""
    shown: list[Parameter] = []
    groups: dict[str, tuple[Any, list[str]]] = {}
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        group, *marks = _split(hints[name])
        if is_dataclass(group):
            options = _options(group, {each for mark in marks for each in mark.names})
            groups[name] = group, [option.name for option in options]
            shown += options
        else:
            shown.append(_option(name, hints, parameter.default))

    @functools.wraps(command)
    def run(**given: Any) -> None:
        made = {
            name: group(**{option: given.pop(option) for option in options})
            for name, (group, options) in groups.items()
        }
        command(**given, **made)

    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in shown}
    return run


def _split(hint: Any) -> tuple[Any, ...]:
    """Return a type and its annotations."""
    return get_args(hint) if get_origin(hint) is Annotated else (hint,)


def _options(group: Any, left_out: set[str]) -> list[Parameter]:
    """Return the fields of a group as parameters of a command."""
    hints = get_type_hints(group, include_extras=True)
    assert left_out <= hints.keys(), f"{group.__name__} has no {left_out - hints.keys()}"
    return [_option(each.name, hints, each) for each in fields(group) if each.name not in left_out]


def _option(name: str, hints: Mapping[str, Any], default: Any) -> Parameter:
    """Return an option as a keyword-only parameter, so that any may have a default."""
    hint = hints[name]
    if isinstance(default, Field):
        if OPTION in default.metadata:
            hint = Annotated[hint, default.metadata[OPTION]]
        default = Parameter.empty if default.default is MISSING else default.default
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=hint)
