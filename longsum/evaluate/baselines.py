"""Summaries without a language model, to hold a model's against: first sentences and statistics.

LexRank, TextRank, LSA and Luhn are sumy's, fed with our own sentences and words, so that neither
nltk's data nor the network is needed. Pure; no torch.
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
"""By name: the first sentences; Erkan and Radev 2004; Mihalcea and Tarau 2004; Steinberger and
Ježek 2004; Luhn 1958."""
COMPARING_ALL = frozenset({"lexrank", "textrank", "lsa"})
"""Baselines whose work grows with the square of the number of sentences, or its cube."""
MOST_SENTENCES = 900
"""Sentences of a document beyond which those are left out."""
OVERSHOOT = 1.1
"""Share of the reference's words that a summary may reach."""

_SUMY = {
    "lexrank": ("lex_rank", "LexRankSummarizer"),
    "textrank": ("text_rank", "TextRankSummarizer"),
    "lsa": ("lsa", "LsaSummarizer"),
    "luhn": ("luhn", "LuhnSummarizer"),
}


def parse_baselines(text: str) -> tuple[str, ...]:
    """Return the baselines that a comma-separated list names, each once; none for `none`.

    Raises:
        UsageError: for a name that is not known.
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
        UsageError: with the command that installs it.
    """
    if any(name in _SUMY for name in names):
        _sumy("sumy.summarizers")


def baseline_sentences(document: Document) -> list[Span]:
    """Return the sentences a baseline chooses from: those a verbatim answer may be made of.

    Headings and captions are none of them; where a document has no others, they are.
    """
    return statements(document) or split_sentences(document.text)


def is_too_long(name: str, sentences: Sequence[Span]) -> bool:
    """Tell whether a baseline is left out because a document has too many sentences for it."""
    return name in COMPARING_ALL and len(sentences) > MOST_SENTENCES


def baseline_summary(name: str, document: Document, sentences: Sequence[Span], words: float) -> str:
    """Summarize a document to a length by one of the baselines.

    Args:
        name: one of `BASELINES`.
        document: what is summarized.
        sentences: from `baseline_sentences`.
        words: the reference's.
    """
    texts = [" ".join(document.text[start:end].split()) for start, end in sentences]
    chosen = take(rank(name, texts), [len(text.split()) for text in texts], words)
    return "\n".join(texts[i] for i in sorted(chosen))


def take(order: Iterable[int], lengths: Sequence[int], words: float) -> list[int]:
    """Return sentences in an order until the next would pass 1.1 times the words asked for.

    The first is taken however long it is.

    Args:
        order: numbers of sentences, best first.
        lengths: words of each.
        words: asked for.
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
    """Return the numbers of sentences in the order in which a baseline prefers them."""
    if name == "lead" or len(sentences) < 2:
        return list(range(len(sentences)))
    module, summarizer = _SUMY[name]
    summarize: Callable[..., Any] = getattr(_sumy(f"sumy.summarizers.{module}"), summarizer)()
    dom = _sumy("sumy.models.dom")
    words = _Words()
    paragraph = dom.Paragraph([dom.Sentence(sentence, words) for sentence in sentences])
    order: list[int] = []

    def keep_order(rated: list[Any]) -> list[Any]:
        """Take what sumy would count off: sentences by falling rating, with their places."""
        order.extend(info.order for info in rated)
        return rated

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer words than sentences: LSA's remark
        summarize(dom.ObjectDocumentModel([paragraph]), keep_order)
    return order or list(range(len(sentences)))  # sumy gives none when there are no words


class _Words:
    """Gives sumy our words instead of nltk's."""

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
