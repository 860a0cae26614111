"""Baseline summaries without a language model: first sentences and statistical methods.

LexRank, TextRank, LSA and Luhn are sumy's, with our own sentence and word splitting, so that
neither nltk's data nor the network is needed. Pure; no torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from longsum.documents.document import Document, Span
from longsum.documents.sentences import split_sentences
from longsum.errors import UsageError
from longsum.evaluate.rouge import UnicodeTokenizer
from longsum.selection.candidates import statements
from longsum.settings import Setting

BASELINES = ("lead", "lexrank", "textrank", "lsa", "luhn")
"""The first sentences; Erkan and Radev 2004; Mihalcea and Tarau 2004; Steinberger and Ježek 2004;
Luhn 1958."""
COMPARING_ALL = frozenset({"lexrank", "textrank", "lsa"})
"""Baselines whose time is quadratic or cubic in the number of sentences."""
MAX_SENTENCES = 900
"""Sentences of a document beyond which those baselines are left out."""
OVERSHOOT = 1.1
"""Maximum length of a summary, as a multiple of the reference's words."""

_SUMY = {
    "lexrank": ("lex_rank", "LexRankSummarizer"),
    "textrank": ("text_rank", "TextRankSummarizer"),
    "lsa": ("lsa", "LsaSummarizer"),
    "luhn": ("luhn", "LuhnSummarizer"),
}


def parse_baselines(text: str) -> tuple[str, ...]:
    """Return the baselines in a comma-separated list, without repetitions; none for `none`.

    Raises:
        UsageError: for an unknown name.
    """
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if names == ("none",):
        return ()
    for name in names:
        if name not in BASELINES:
            raise UsageError(
                f"{Setting('baselines')} {name!r} is not known",
                hint=f"name some of {', '.join(BASELINES)}",
            )
    return names


def require_baselines(names: Iterable[str]) -> None:
    """Refuse baselines whose package is not installed, before a model is loaded.

    Raises:
        UsageError: when it is not, with the command that installs it.
    """
    if any(name in _SUMY for name in names):
        _sumy("sumy.summarizers")


def baseline_sentences(document: Document) -> list[Span]:
    """Return the sentences a baseline chooses from: those a verbatim answer may consist of.

    Headings and captions are excluded, unless a document has nothing else.
    """
    return statements(document) or split_sentences(document.text)


def is_too_long(name: str, sentences: Sequence[Span]) -> bool:
    """Return whether a baseline is left out because a document has too many sentences for it."""
    return name in COMPARING_ALL and len(sentences) > MAX_SENTENCES


def baseline_summary(name: str, document: Document, sentences: Sequence[Span], words: float) -> str:
    """Return a baseline's summary of a document, a sentence per line.

    Args:
        name: one of `BASELINES`.
        document: the document to summarize.
        sentences: from `baseline_sentences`.
        words: length of the reference.
    """
    texts = [" ".join(document.text[start:end].split()) for start, end in sentences]
    chosen = take(rank(name, texts), [len(text.split()) for text in texts], words)
    return "\n".join(texts[i] for i in sorted(chosen))


def take(order: Iterable[int], lengths: Sequence[int], words: float) -> list[int]:
    """Return the first sentences of an order that stay within 1.1 times the words asked for.

    The first sentence is always taken.

    Args:
        order: indices of sentences, best first.
        lengths: words of each sentence.
        words: length asked for.
    """
    taken: list[int] = []
    count = 0
    for number in order:
        if taken and count + lengths[number] > OVERSHOOT * words:
            break
        taken.append(number)
        count += lengths[number]
    return taken


def rank(name: str, sentences: Sequence[str]) -> list[int]:
    """Return the indices of sentences in a baseline's order, best first."""
    if name == "lead" or len(sentences) < 2:
        return list(range(len(sentences)))
    module, summarizer = _SUMY[name]
    summarize: Callable[..., Any] = getattr(_sumy(f"sumy.summarizers.{module}"), summarizer)()
    dom = _sumy("sumy.models.dom")
    words = _Words()
    paragraph = dom.Paragraph([dom.Sentence(sentence, words) for sentence in sentences])
    order: list[int] = []

    def keep_order(rated: list[Any]) -> list[Any]:
        """Record the order in which sumy would take sentences, best first."""
        order.extend(info.order for info in rated)
        return rated

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LSA warns about fewer words than sentences
        summarize(dom.ObjectDocumentModel([paragraph]), keep_order)
    return order or list(range(len(sentences)))  # sumy returns nothing without words


class _Words:
    """Splits sentences for sumy into our words instead of nltk's."""

    def __init__(self) -> None:
        self._tokenizer = UnicodeTokenizer()

    def to_words(self, sentence: str) -> tuple[str, ...]:
        """Return a sentence's words."""
        return tuple(self._tokenizer.tokenize(sentence))


def _sumy(module: str) -> Any:
    """Import a module of sumy.

    Raises:
        UsageError: when it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(
            "the baselines lexrank, textrank, lsa and luhn need sumy, which is not installed",
            hint=f"pip install 'longsum[eval]', or take {Setting('baselines', 'lead')}",
        ) from error
