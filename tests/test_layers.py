"""Imports point one way and never in a cycle.

The table lists what each package may import. A module at the root counts as a package of its own.
Imports inside functions and under `TYPE_CHECKING` count as well.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "longsum"

GROUND = frozenset(
    {"bytesize", "child", "config", "environment", "errors", "events", "files", "hashing"}
    | {
        "journal",
        "pace",
        "paths",
        "processes",
        "settings",
        "similarity",
        "system_memory",
        "terminal",
    }
)
"""Modules that any other may use; they use only one another."""

ROOMS: dict[str, frozenset[str]] = {
    "documents": frozenset(),
    "prompting": frozenset(),
    "checkpoint": frozenset(),
    "store": frozenset(),
    "corpus": frozenset({"documents"}),
    "selection": frozenset({"documents"}),
    "grounding": frozenset({"documents"}),
    "model": frozenset({"checkpoint"}),
    "engine": frozenset({"checkpoint"}),
    "loading": frozenset({"checkpoint", "model", "engine", "store"}),
}
"""Packages below the use cases, and which of them each may import."""

USE_CASES = frozenset(
    {"answer", "answer_choice", "ask", "budget", "checked", "chosen", "digest", "divide"}
    | {"follow_up", "revising"}
    | {"judge", "judged_choice", "layout", "marking", "merge", "opening", "part_events"}
    | {
        "parts",
        "preferred",
        "prepared",
        "reading",
        "receipt",
        "session",
        "session_cache",
        "summarize",
    }
    | {"summary_choice", "task", "verbatim", "writing"}
)
"""Named like the commands, with what they share; they may import every package."""

LARGE = {
    "bench": frozenset({"evaluate"}),
    "batch": frozenset(),
    "window": frozenset(),
    "extend": frozenset({"corpus"}),
    "evaluate": frozenset({"corpus", "extend"}),
}
"""Packages above the use cases, and which of one another they may use."""

SHOWN = frozenset({"cli", "__main__", "__init__"})
"""The command line and the public names: may import everything; nobody imports them."""


def allowed(package: str) -> frozenset[str]:
    """Return what a package may import."""
    if package in GROUND:
        return GROUND
    if package in ROOMS:
        return GROUND | ROOMS[package]
    below = GROUND | frozenset(ROOMS) | USE_CASES
    if package in USE_CASES:
        return below - {"corpus"}
    if package in LARGE:
        return below - {"corpus"} | LARGE[package]
    assert package in SHOWN, f"{package} has no place in the table"
    return below | frozenset(LARGE) | SHOWN


@cache
def modules() -> dict[str, Path]:
    """Return the package's modules by dotted name, `longsum.` left out."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts)] = path
    return found


def package_of(module: str) -> str:
    """Return the folder, or the root module, that a module belongs to."""
    return module.split(".")[0]


@cache
def imports(module: str) -> frozenset[str]:
    """Return the modules of ours that one imports, wherever in its file."""
    found = set()
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(name if is_ours(name) else node.module for name in whole)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    names = {name.removeprefix("longsum.") for name in found if is_ours(name)}
    return frozenset(names | {"__init__"} if "longsum" in found else names) - {module}


def is_ours(name: str) -> bool:
    """Tell whether a dotted name is a module of this package."""
    return name.removeprefix("longsum.") in modules() and name.startswith("longsum.")


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the circles of a graph: groups of nodes that reach one another (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


@pytest.mark.parametrize("package", sorted({package_of(module) for module in modules()}))
def test_package_imports_only_what_the_plan_allows(package: str):
    may = allowed(package) | {package}
    against = [
        f"{module} imports {other}"
        for module in modules()
        if package_of(module) == package
        for other in imports(module)
        if package_of(other) not in may and not (other == "__init__" and version_alone(module))
    ]
    assert not against


def version_alone(module: str) -> bool:
    """Tell whether all that a module takes from the package's root is its version."""
    text = modules()[module].read_text(encoding="utf-8")
    taken = [
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module == "longsum"
        for alias in node.names
    ]
    return all(name == "__version__" or is_ours(f"longsum.{name}") for name in taken)


def test_no_package_is_in_a_cycle():
    graph: dict[str, set[str]] = {package_of(module): set() for module in modules()}
    for module in modules():
        package = package_of(module)
        graph[package] |= {package_of(other) for other in imports(module)} - {package, "__init__"}
    assert not circles(graph)


def test_no_file_is_in_a_cycle():
    graph = {module: set(imports(module)) - {"__init__"} for module in modules()}
    assert not circles(graph)


def test_a_cycle_is_found_where_there_is_one():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}
    assert circles(graph) == [["b", "c"]]


def test_only_what_shows_prints():
    printing = [
        module
        for module, path in modules().items()
        if package_of(module) not in SHOWN
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not printing
