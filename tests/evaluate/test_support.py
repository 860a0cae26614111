from __future__ import annotations

from longsum.documents.read import parse_text
from longsum.evaluate.support import grounded, stated, support_of
from longsum.grounding.grounder import REFUSAL, Grounder

DOCUMENT = parse_text(
    "The old pier was built in 1871 by Anna Berg. Tickets cost 40 pounds in the first summer. "
    "Gulls came every day. The mine was closed after a fire.",
    "d",
)
TEXT = (
    "Findings:\n- Tickets cost 40 pounds in the first summer.\n"
    "- Tickets cost 50 pounds in the first summer.\nThe whale sang in the theatre. "
    'The report says "the pier was sold to strangers in secret".'
)


def test_each_sentence_of_a_text_is_grounded():
    found = grounded(TEXT, Grounder(DOCUMENT))
    assert [each.text for each in stated(found)] == [
        "Tickets cost 40 pounds in the first summer.",
        "Tickets cost 50 pounds in the first summer.",
        "The whale sang in the theatre.",
        'The report says "the pier was sold to strangers in secret".',
    ]
    assert [each.supported for each in stated(found)] == [True, False, False, False]


def test_headings_are_no_claims_and_each_kind_of_fault_is_counted():
    counts = support_of(grounded(TEXT, Grounder(DOCUMENT)))
    assert counts == {"claims": 4, "supported": 1, "contrary": 1, "misquoted": 1}
    assert support_of(grounded(REFUSAL, Grounder(DOCUMENT)))["claims"] == 0
    assert support_of([]) == {"claims": 0, "supported": 0, "contrary": 0, "misquoted": 0}
