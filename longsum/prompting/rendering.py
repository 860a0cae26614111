"""Rendering of a template's text around a gap for the document, in Jinja's sandbox.

Whatever a template does wrong becomes one line with its file and line number. Knows nothing about
chat formats.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2 import UndefinedError as JinjaUndefinedError
from jinja2.exceptions import SecurityError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from longsum.errors import UsageError

MAX_RENDERED_CHARACTERS = 100_000
"""Most characters of a prompt without its document; more is a runaway loop, not an instruction."""


def render(
    source: str, values: Mapping[str, object], *, name: str, folder: Path, document: str
) -> str:
    """Render a template that prints the document exactly once.

    Args:
        source: Jinja2 text.
        values: what it may print besides the document.
        name: its file; templates beside it may be included.
        folder: the shipped templates, which may be included too.
        document: what stands for the document in the result.

    Raises:
        UsageError: for a mistake in the template, with file and line.
    """
    values = {**values, "document": _DocumentSlot(document)}
    environment = _Sandbox(
        loader=_SourceLoader(name, source, folder), undefined=StrictUndefined, autoescape=False
    )
    try:
        text = "".join(_bounded(environment.get_template(name).generate(values), name))
    except UsageError:
        raise
    except Exception as error:  # whatever an expression of the template raises is its mistake
        raise _template_error(error, name, values) from error
    _check_once(text.count(document), name)
    return text


class _DocumentSlot:
    """Stands for the document while a template is rendered; can be printed and nothing else."""

    def __init__(self, sentinel: str) -> None:
        self._sentinel = sentinel

    def __str__(self) -> str:
        return self._sentinel


class _SourceLoader(BaseLoader):
    """Gives the one source it holds, and for includes the folders' files."""

    def __init__(self, name: str, source: str, shipped: Path) -> None:
        beside = [Path(name).parent] if Path(name).is_file() else []
        self._files = FileSystemLoader([*beside, shipped], encoding="utf-8-sig")
        self._name, self._source = name, source

    def get_source(
        self, environment: Any, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        if template == self._name:
            return self._source, self._name, None
        return self._files.get_source(environment, template)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which text cannot be multiplied and nothing raised to a power."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply two numbers; refuse what could fill the memory."""
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" or not numbers:
            raise SecurityError(f"{operator} is for numbers" if operator == "*" else "** is off")
        return super().call_binop(context, operator, left, right)


def _bounded(chunks: Iterator[str], name: str) -> Iterator[str]:
    characters = 0
    for chunk in chunks:
        characters += len(chunk)
        if characters > MAX_RENDERED_CHARACTERS:
            raise UsageError(
                f"template {name} renders to over {MAX_RENDERED_CHARACTERS:,} characters "
                "without the document",
                hint="look for a loop that does not end",
            )
        yield chunk


def _check_once(count: int, name: str) -> None:
    if count == 1:
        return
    found = "does not print the document" if count == 0 else f"prints the document {count} times"
    raise UsageError(f"template {name} {found}", hint="write {{ document }} once, with no filter")


def _template_error(error: Exception, name: str, values: Mapping[str, object]) -> UsageError:
    """Return the user's error for what Jinja or a template's expression raised."""
    where, line = _place(error, name)
    at = f"template {where}" + (f", line {line}" if line else "")
    known = "variables here: " + ", ".join(sorted(values))
    if isinstance(error, TemplateNotFound):
        return UsageError(f"{at}: no template {error.name} to include")
    if isinstance(error, TemplateSyntaxError):
        return UsageError(f"{at}: {error.message}", hint="see prompts/README.md")
    if isinstance(error, SecurityError):
        return UsageError(f"{at}: not allowed in a template: {error.message}")
    if isinstance(error, JinjaUndefinedError):
        return UsageError(f"{at}: {error.message}", hint=known)
    if isinstance(error, RecursionError):
        return UsageError(f"{at}: the template includes or calls itself without end")
    if isinstance(error, UnicodeDecodeError):
        return UsageError(f"{at}: an included file is not UTF-8")
    message = (error.message if isinstance(error, TemplateError) else str(error)) or ""
    return UsageError(
        f"{at}: {message or type(error).__name__}",
        hint="{{ document }} can only be printed" if "_DocumentSlot" in message else known,
    )


def _place(error: Exception, name: str) -> tuple[str, int | None]:
    """Return the file and line of a template's error."""
    if isinstance(error, TemplateSyntaxError):
        return error.filename or name, error.lineno
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == name or frame.filename.endswith(".jinja"):
            return frame.filename, frame.lineno
    return name, None
