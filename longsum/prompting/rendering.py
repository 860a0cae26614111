"""Render a template around a placeholder for the document, in Jinja's sandbox.

Every error of a template becomes a one-line message with file and line number. Knows nothing about
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
"""Maximum characters of a prompt without its document; more indicates a runaway loop."""


def render(
    source: str, values: Mapping[str, object], *, name: str, folder: Path, document: str
) -> str:
    """Render a template that prints the document exactly once.

    Args:
        source: Jinja2 text.
        values: variables that the template may print besides the document.
        name: the template's file; templates beside it may be included.
        folder: the shipped templates, which may be included too.
        document: placeholder for the document in the result.

    Returns:
        The rendered text, with the placeholder exactly once.

    Raises:
        UsageError: for an error in the template, with file and line.
    """
    values = {**values, "document": _DocumentSlot(document)}
    environment = _Sandbox(
        loader=_SourceLoader(name, source, folder), undefined=StrictUndefined, autoescape=False
    )
    try:
        text = "".join(_bounded(environment.get_template(name).generate(values), name))
    except UsageError:
        raise
    except Exception as error:  # anything an expression raises is an error of the template
        raise _template_error(error, name, values) from error
    _check_once(text.count(document), name)
    return text


class _DocumentSlot:
    """Placeholder for the document during rendering; supports nothing but printing."""

    def __init__(self, sentinel: str) -> None:
        self._sentinel = sentinel

    def __str__(self) -> str:
        return self._sentinel


class _SourceLoader(BaseLoader):
    """Loads the given source under its name, and includes from the folders."""

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
    """Jinja's sandbox without multiplication of text and without powers."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply two numbers; refuse operations that could exhaust memory."""
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" or not numbers:
            raise SecurityError("* is only for numbers" if operator == "*" else "** is disabled")
        return super().call_binop(context, operator, left, right)


def _bounded(chunks: Iterator[str], name: str) -> Iterator[str]:
    characters = 0
    for chunk in chunks:
        characters += len(chunk)
        if characters > MAX_RENDERED_CHARACTERS:
            raise UsageError(
                f"template {name} renders to over {MAX_RENDERED_CHARACTERS:,} characters "
                "without the document",
                hint="look for an endless loop",
            )
        yield chunk


def _check_once(count: int, name: str) -> None:
    if count == 1:
        return
    found = "does not print the document" if count == 0 else f"prints the document {count} times"
    raise UsageError(f"template {name} {found}", hint="write {{ document }} once, with no filter")


def _template_error(error: Exception, name: str, values: Mapping[str, object]) -> UsageError:
    """Return the user's error for an exception of Jinja or of a template's expression."""
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
        return UsageError(f"{at}: the template includes or calls itself endlessly")
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
