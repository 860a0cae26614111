from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from helpers import REPOSITORY, environment

from longsum.documents.document import Span
from longsum.documents.sentences import split_sentences
from longsum.selection.ranking import bm25, lexrank, standardized, terms_of
from longsum.selection.sentence_features import Sentences

TEXT = (
    "The harbour\n"
    "The commission was founded in 1921 to oversee the port. It meets twice a year.\n"
    "However, the port of Westhaven lost its ferries! Who would pay for the moorings?\n"
    "“We never sold the port,” I said. The commission paid for the moorings of the port."
)


def sentences_of(text: str = TEXT, length: int = 20, focus: str | None = None) -> Sentences:
    spans = [s for s in split_sentences(text) if text[s.end - 1] in ".!?"]
    return Sentences(text, spans, length, focus)


def test_features_are_one_finite_row_a_sentence_in_the_order_of_their_names():
    s = sentences_of()
    assert s.features.shape == (len(s.spans), len(s.columns))
    assert s.features.dtype == np.float32
    assert np.isfinite(s.features).all()
    at = list(s.columns).index("position")
    assert s.features[:, at] == pytest.approx([span.start / len(TEXT) for span in s.spans])


def test_places_in_paragraphs_and_after_headings():
    columns = sentences_of().columns
    assert columns["paragraph_start"].tolist() == [True, False, True, False, True, False]
    assert columns["paragraph_end"].tolist() == [False, True, False, True, False, True]
    assert columns["headed"].tolist() == [True, True, False, False, False, False][:1] + [False] * 5
    assert columns["log_from_end"][-1] == 0


def test_surfaces():
    columns = sentences_of().columns
    assert columns["question"].tolist() == [False, False, False, True, False, False]
    assert columns["quoted"].tolist() == [False] * 4 + [True, False]
    assert columns["linking"].tolist() == [False, False, True, False, False, False]
    assert columns["pointing"].tolist() == [False, True, False, False, False, False]
    assert columns["digits"][0] > 0
    assert columns["first_person"][4] > 0
    assert columns["first_person"][0] == 0


def test_centrality_is_lexrank_and_likeness_to_the_whole():
    s = sentences_of()
    terms = [terms_of(text) for text in s.texts]
    np.testing.assert_allclose(s.columns["lexrank"], standardized(lexrank(terms)))
    assert s.columns["centrality"].argmax() in (0, 5)
    assert s.columns["centrality"][1] == pytest.approx(0, abs=1e-6)


def test_a_focus_is_matched_by_bm25_and_leaves_the_rest_alone():
    plain, focused = sentences_of(), sentences_of(focus="Who paid for the moorings?")
    expected = standardized(bm25(focused.terms, terms_of("Who paid for the moorings?")))
    np.testing.assert_allclose(focused.columns["focus"], expected)
    assert focused.columns["focused"].all()
    assert not plain.columns["focus"].any()
    np.testing.assert_allclose(plain.columns["lexrank"], focused.columns["lexrank"])


def test_what_kind_of_document_it_is_is_the_same_for_all_sentences():
    columns = sentences_of(length=20).columns
    for name in ("answer", "compression", "mean_quoted", "mean_length"):
        assert len(set(columns[name].tolist())) == 1
    assert columns["answer"][0] == pytest.approx(np.log(20))


def test_other_scripts_and_one_sentence_give_finite_numbers():
    for text in ("港湾委員会は一九二一年に設立された。", "A port was founded."):
        spans = split_sentences(text)
        features = Sentences(text, spans, 10, "港").features
        assert features.shape[0] == len(spans)
        assert np.isfinite(features).all()


def test_sentences_are_adjacent_within_a_line_and_not_across_what_is_left_out():
    text = "One came. Two went. (Nobody knew.) Three stayed.\nFour left."
    wanted = ("One came.", "Two went.", "Three stayed.", "Four left.")
    spans = [Span(text.index(w), text.index(w) + len(w)) for w in wanted]
    assert Sentences(text, spans, 20).adjacent.tolist() == [False, True, False, False]


def test_questions_and_brief_sentences():
    texts = ["Who built the tower that stood here in those years?", "“Who?”", "Anna built it."]
    text = " ".join(texts)
    ends = [len(" ".join(texts[: i + 1])) for i in range(3)]
    spans = [Span(end - len(t), end) for t, end in zip(texts, ends, strict=True)]
    found = Sentences(text, spans, 20)
    assert found.questions.tolist() == [True, True, False]
    assert found.brief.tolist() == [False, True, True]


HASHED = """
import hashlib
import sys
from pathlib import Path
from longsum.documents.sentences import split_sentences
from longsum.selection.sentence_features import Sentences
text = Path(sys.argv[1]).read_text(encoding="utf-8")[:20_000]
spans = [s for s in split_sentences(text) if text[s.end - 1] in ".!?"]
features = Sentences(text, spans, 60, "the position of a token").features
print(hashlib.sha256(features.tobytes()).hexdigest())
"""


def test_features_are_the_same_whatever_order_a_process_keeps_sets_in():
    """Words were summed in the order of a set, which differs between processes: by a millionth."""
    found = {
        subprocess.run(
            [sys.executable, "-c", HASHED, str(REPOSITORY / "examples" / "handbook.md")],
            env=environment(PYTHONHASHSEED=str(seed)),
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(found) == 1


def test_a_pronoun_that_is_shown_with_its_name_is_not_a_riddle() -> None:
    text = (
        "Anna Lund kept the light of the harbour. She said that the ice was thin. "
        "The keeper of the boats was asleep. She sold the boat to the town of Sund in the autumn."
    )
    spans = split_sentences(text)
    whole, shown = (Sentences(text, spans, 20, None, shorten) for shorten in (False, True))
    assert whole.dependent.tolist() == [False, True, False, True]
    assert shown.dependent.tolist() == [False, False, False, True]
    assert shown.bracketed.tolist() == [False, True, False, False]
    assert (shown.lengths - whole.lengths).tolist() == [0, 2, 0, 0]
