from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from longsum.cli import app as longsum
from longsum.cli.grouping import Without, grouped, panel

MAX_PARAMETERS = 12
"""Of a command, its groups counted as one each."""


in_paper = panel("Paper")


@dataclass(frozen=True)
class Paper:
    sheets: int = in_paper(metavar="N", min=1)
    fold: bool = in_paper(False, "--fold", "-f", help="Fold it.")


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option(metavar="N", min=1)]
    height: Annotated[int, typer.Option("--height", "-t")] = 2


@dataclass(frozen=True)
class Deep(Size):
    height: Annotated[int, typer.Option(help="Another default.")] = 7
    depth: int = 3


def run(command, *arguments: str):
    app = typer.Typer()
    app.command()(grouped(command))
    return CliRunner().invoke(app, arguments)


def test_group_is_made_of_its_options():
    def draw(name: str, *, size: Size, loud: bool = False) -> None:
        typer.echo(f"{name} {size} {loud}")

    assert (
        run(draw, "box", "--width", "4", "-t", "5").stdout == "box Size(width=4, height=5) False\n"
    )


def test_options_stand_where_their_group_does():
    def draw(first: str, size: Size, last: bool = False) -> None: ...

    shown = inspect.signature(grouped(draw)).parameters
    assert list(shown) == ["first", "width", "height", "last"]
    assert shown["height"].default == 2
    assert shown["width"].default is inspect.Parameter.empty


def test_option_without_a_default_is_required():
    def draw(size: Size) -> None: ...

    result = run(draw)
    assert result.exit_code == 2
    assert "--width" in result.stderr


def test_checks_of_an_option_hold_in_a_group():
    def draw(size: Size) -> None: ...

    assert "--width" in run(draw, "--width", "0").stderr


def test_option_may_be_left_out_and_has_its_default():
    def draw(size: Annotated[Annotated[Deep, Without("height")], Without("depth")]) -> None:
        typer.echo(f"{size.width} {size.height} {size.depth}")

    assert run(draw, "--width", "1").stdout == "1 7 3\n"
    assert run(draw, "--width", "1", "--height", "1").exit_code == 2


def test_leaving_out_what_is_not_there_is_a_mistake():
    def draw(size: Annotated[Size, Without("depth")]) -> None: ...

    with pytest.raises(AssertionError, match="depth"):
        grouped(draw)


def test_group_and_option_may_have_the_same_name():
    def draw(width: Size) -> None:
        typer.echo(width.width)

    assert run(draw, "--width", "3").stdout == "3\n"


def test_panel_declares_options_of_groups_and_of_commands():
    def draw(paper: Paper, ink: str = in_paper("black", help="Its colour.")) -> None:
        typer.echo(f"{paper.sheets} {paper.fold} {ink}")

    assert run(draw, "--sheets", "2", "-f").stdout == "2 True black\n"
    assert run(draw, "--sheets", "2", "--ink", "red").stdout == "2 False red\n"
    assert "--sheets" in run(draw).stderr, "required"
    assert "--sheets" in run(draw, "--sheets", "0").stderr
    shown = run(draw, "--help").stdout
    assert (
        shown.index("Paper")
        < shown.index("--sheets")
        < shown.index("--fold")
        < shown.index("--ink")
    )


def commands(command):
    for child in getattr(command, "commands", {}).values():
        yield from commands(child)
    if command.callback is not None:
        yield command


@pytest.mark.parametrize("command", [*commands(get_command(longsum))], ids=lambda each: each.name)
def test_no_command_takes_more_than_a_dozen_parameters(command):
    taken = inspect.unwrap(command.callback)
    assert len(inspect.signature(taken, follow_wrapped=False).parameters) <= MAX_PARAMETERS
