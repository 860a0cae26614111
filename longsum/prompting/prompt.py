"""Render what the model reads: a template in a chat format → `Prompt`.

Works on strings; knows nothing about token ids. The document is inserted between two rendered
strings: no part of it is ever parsed as a template, and it comes before the instruction, so that
its KV cache can be reused for the next question.

The caller tokenizes the three parts separately: prefix and suffix with the tokenizer's special
tokens enabled, the document with them disabled, so that a document holding `</s>` or `<|eot_id|>`
cannot end its own turn. A title is part of the prefix and a question of the suffix; control tokens
in them are broken up here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from longsum.errors import UsageError
from longsum.prompting.rendering import render

MAX_TITLE_CHARACTERS = 200
"""Characters of a title shown to the model; metadata sometimes holds whole abstracts."""


@dataclass(frozen=True)
class Prompt:
    """A rendered prompt, split around the document."""

    prefix: str
    """Everything before the document, including chat markup."""
    document: str
    """The document's text, verbatim."""
    suffix: str
    """Everything after the document, including the opening of the assistant's turn."""


# ---- finding templates


def prompts_folder() -> Path:
    """Return the folder of the templates shipped with longsum."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "prompts"  # in a wheel; a source checkout has them beside the package
    return shipped if shipped.is_dir() else package.parent / "prompts"


def find_template(name: str) -> Path:
    """Return the file of a template, given its name (`summarize`) or a path.

    Raises:
        UsageError: when there is no such file.
    """
    shipped = prompts_folder() / f"{name}.jinja"
    if re.fullmatch(r"[\w-]+", name) and shipped.is_file():
        return shipped
    path = Path(name).expanduser()
    if path.is_file():
        return path
    found = "is a folder" if path.is_dir() else "does not exist"
    known = ", ".join(sorted(p.stem for p in prompts_folder().glob("*.jinja")))
    raise UsageError(f"template {name} {found}", hint=f"name a file, or one of {known}")


class TemplateSource(str):
    """A template's text with its file, for error messages and relative includes."""

    def __new__(cls, text: str, path: Path | str = "template") -> TemplateSource:
        """Return the text with its file's path."""
        source = super().__new__(cls, text)
        source.path = str(path)
        return source

    path: str


def load_template(path_or_name: str | Path) -> TemplateSource:
    """Return the source of a template, given its name (`summarize`) or a path.

    Raises:
        UsageError: when the file does not exist, cannot be read, or is not UTF-8.
    """
    path = find_template(str(path_or_name))
    try:
        return TemplateSource(path.read_text(encoding="utf-8-sig"), path)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise UsageError(
            f"template {path}, line {line}: not UTF-8", hint="save it as UTF-8 text"
        ) from error
    except OSError as error:
        raise UsageError(f"template {path} cannot be read: {error.strerror}") from error


# ---- rendering


def render_prompt(
    template_source: str,
    *,
    document: str,
    variables: Mapping[str, object],
    wrap: Callable[[str], str],
) -> Prompt:
    """Return the prompt that a template makes around a document.

    Args:
        template_source: Jinja2 text that prints `document` exactly once; from `load_template`, so
            that messages name its file.
        document: inserted verbatim; never parsed as a template.
        variables: other values that the template may print.
        wrap: the model's chat format, from `Tokenizer.wrap`.

    Raises:
        UsageError: for an error in the template, with file and line.
    """
    name = template_source.path if isinstance(template_source, TemplateSource) else "template"
    sentinel = f"document{secrets.token_hex(16)}"  # cannot be guessed by a title or a question
    values = {key: _plain_value(key, value) for key, value in variables.items()}
    message = render(template_source, values, name=name, folder=prompts_folder(), document=sentinel)
    prefix, found, suffix = wrap(message).partition(sentinel)
    if not found or sentinel in suffix:
        raise UsageError(
            "the model's chat format does not contain the message exactly once",
            hint="choose another prompt format",
        )
    return Prompt(prefix, document, suffix)


_CONTROL_TOKEN = re.compile(
    r"<(?=\|[^|<>]{1,40}\|>)"  # <|eot_id|>, <|im_start|>, <|document|>
    r"|<(?=/?(?:s|unk|pad|bos|eos|start_of_turn|end_of_turn)>)"
    r"|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT)\])"
)


def _plain_value(key: str, value: object) -> object:
    """Break up control tokens in a variable, which is tokenized with special tokens enabled."""
    if not isinstance(value, str):
        return value
    if key == "title":  # from the document's metadata: one line, and not the whole abstract
        value = " ".join(value.split())[:MAX_TITLE_CHARACTERS]
    return _CONTROL_TOKEN.sub(lambda match: f"{match[0]} ", value)


# ---- the bundled model


def mini_prompt(document: str, *, question: str | None) -> Prompt:
    """Return the bundled model's fixed prompt: for a question, or without one for a summary."""
    if question is None:
        return Prompt("<|document|>", document, "<|summary|>")
    asked = _plain_value("question", question.strip())
    return Prompt("<|document|>", document, f"<|question|>{asked}<|answer|>")


# ---- languages

_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def language_name(code: str | None) -> str | None:
    """Return a language's English name for `de` or `pt-BR`, None for `auto`, else the input."""
    if code is None or code.strip().lower() in {"", "auto"}:
        return None
    return _LANGUAGES.get(re.split(r"[-_]", code.strip().lower())[0], code.strip())
