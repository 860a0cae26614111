from __future__ import annotations

from longsum.answer_choice import best_of_groups
from longsum.documents.document import Span
from longsum.selection.candidates import Candidate


def test_only_the_best_of_near_duplicates_is_chosen():
    found = [
        Candidate(Span(i, i + 1), str(i), weight, group)
        for i, (weight, group) in enumerate([(0.1, 0), (2.0, 1), (0.5, 0), (1.0, 3)])
    ]
    assert [c.text for c in best_of_groups(found)] == ["1", "3", "2"]
