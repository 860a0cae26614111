from __future__ import annotations

import pytest

from longsum.selection.references import (
    is_dependent,
    is_riddle,
    is_torn,
    names_in,
    names_nobody,
    points_elsewhere,
    refer_elsewhere,
    supposes,
    was_introduced,
)


@pytest.mark.parametrize(
    ("text", "dependent"),
    [
        ("This was repaired in 1902.", True),
        ("“However, nobody came.", True),
        ("Since then a technician visits the tower.", True),
        ("The second is the cost of stone.", True),
        ("In this year nothing was built.", True),
        ("Because of that the harbour silted up.", True),
        ("Indeed, the tower was never lit.", True),
        ("As a result the keeper left.", True),
        ("For one thing, the keeper was paid by the parish.", True),
        ("The next day the keeper left.", True),
        ("Three years later, the tower was lit again.", True),
        ("At the start of the year the harbour froze.", True),
        ("Not that the keeper was a stranger to storms.", True),
        ("Rather, the tower was lit by the parish.", True),
        ("Rather than wait, the keeper left.", False),
        ("The next ferry leaves at noon.", False),
        ("Three years of frost closed the harbour.", False),
        ("Not all keepers were paid.", False),
        ("Theodor built the tower.", False),
        ("The secondary school was closed.", False),
        ("In factories the lamps were made.", False),
        ("As a resident he paid nothing.", False),
        ("Italy paid for the moorings.", False),
    ],
)
def test_beginnings_that_refer_to_the_sentence_before(text: str, dependent: bool) -> None:
    assert is_dependent(text) == dependent


@pytest.mark.parametrize("subject", ["This report", "This proposed rule", "The present study"])
def test_document_that_speaks_of_itself_does_not_refer_to_the_sentence_before(subject: str) -> None:
    assert not is_dependent(f"{subject} compares two ways to run the ferry.")
    assert is_dependent("This captain compares two ways to run the ferry.")


@pytest.mark.parametrize(
    "text",
    [
        "New boats reduce that risk by half.",
        "In both cases the harbour board refused to pay.",
        "Each of these boats belongs to the town.",
        "The owners paid for all these repairs in May.",
        "Typically, instead of asking, they wait for the next boat.",
        "The board will then decide which boats may sail.",
        "The ice is another reason to stay in the harbour.",
        "The keeper was no stranger to either.",
    ],
)
def test_sentence_that_refers_later_is_a_riddle(text: str) -> None:
    assert is_riddle(text)


@pytest.mark.parametrize(
    "text",
    [
        "The board said that boats from the north are late.",
        "The aim of this paper is a faster boat.",
        "In the harbour both boats were late.",
    ],
)
def test_clauses_and_the_document_itself_are_no_riddles(text: str) -> None:
    assert not is_riddle(text)


@pytest.mark.parametrize(
    "text",
    [
        "Table 3 gives the measurement.",
        "Section IV describes the harbour wall.",
        "The rest of this report is organized as follows.",
        "For the fares of each year, see Appendix B.",
        "The board agreed on the following.",
        "The height of each wall is summarized in Figure 6.",
        "Fares of all boats are given in the table of the appendix.",
        "The fares of all boats are shown in the third block of Table 5.",
        "The lost boats are found at the top of table 4.",
        "512 U. S., at 368.",
        "See, e.g., Harbour Board v. Lind.",
        "Cf. Lind, at 41.",
        "The board proposes the following changes to the harbour wall.",
        "It would also require the following new ropes, made of hemp.",
        "In (67), the harbour is named twice.",
        "JUSTICE LUND delivered the opinion of the Court.",
        "On writ of certiorari to the COURT of Sund, May 3, 2013.",
        "8Moorings is the name of the board's own boat.",
        "The resulting plot of the catch is shown in.",
        "The digestive functions of the mouth are summarized in .",
        "The magnitude of the drag is given by",
        "Watch this video to see a harbour freeze.",
        "Visit the harbour board’s site to learn more.",
        "Read about the keeper’s changing views of the tower.",
        "The race to the bottom of the harbour runs like this.",
    ],
)
def test_sentence_that_only_says_where_something_is_points_elsewhere(text: str) -> None:
    assert points_elsewhere(text)


@pytest.mark.parametrize(
    "text",
    [
        "The table in the kitchen seats eight people.",
        "Passengers can see the lighthouse from the deck.",
        "Figures rose by a third in the following year.",
        "The granary is given in the oldest map as a chapel.",
        "The boats were found in the back of the table maker’s shed.",
        "See how the ice melts in the harbour.",
        "The wall was raised again in the following decades.",
        "The following boats were lost: Anna, Berta and Clara.",
        "The court convicted him of (1) theft and (2) fraud.",
        "3D maps show the harbour.",
        "12 Boats were lost in the storm.",
        "Watch the gauge while the tank fills.",
        "Read aloud, the letter moved the whole parish.",
        "Read this way, the statute bars the suit.",
        "Read through the lens of history, the clause forbids the tax.",
        "Explore the link between diet and disease in rats.",
        "The boats that were found in spring were given by the parish.",
        "Ships like this were built at Norby until 1902.",
    ],
)
def test_sentence_that_says_something_does_not_point_elsewhere(text: str) -> None:
    assert not points_elsewhere(text)


@pytest.mark.parametrize(
    "text",
    [
        "In most ports of the north, that rate is much higher.",
        "Automated cranes and other machines make this practice possible.",
        "The board, which owns the quay, may deny these claims.",
    ],
)
def test_noun_that_was_named_before_the_sentence_is_a_riddle(text: str) -> None:
    assert is_riddle(text)


@pytest.mark.parametrize(
    "text",
    [
        "The rate of the north is low, and in the south this rate is much higher.",
        "The board found that ships were late.",
        "The mayor said that the granary was open that year.",
        "We explain in this paper how ice forms at the quay.",
    ],
)
def test_noun_that_the_sentence_names_itself_is_no_riddle(text: str) -> None:
    assert not is_riddle(text)


@pytest.mark.parametrize(
    "text",
    [
        '"The ice is thick.',
        'It is thin."',
        "He said “the ice is thick.",
        "Her novels are ' (1993) and ' (1996).",
    ],
)
def test_part_of_a_quotation_is_torn(text: str) -> None:
    assert is_torn(text)


@pytest.mark.parametrize(
    "text", ['"The ice," he said, "is thick."', "A “thick” ice.", "The sailors' (and cooks') ice."]
)
def test_whole_quotations_are_not_torn(text: str) -> None:
    assert not is_torn(text)


NAMES = names_in(["In May the mayor met Lind at the quay.", "He saw Anna there."])


def test_names_are_words_with_a_capital_within_sentences() -> None:
    assert {"May", "Lind", "Anna"} == NAMES


@pytest.mark.parametrize(
    "text",
    [
        "In spring he left for the capital.",
        "Two tears rolled down his cheeks.",
        "Although she hoped for help, nobody came to the quay.",
    ],
)
def test_sentence_about_a_person_it_does_not_name(text: str) -> None:
    assert names_nobody(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "Lind left for the capital with his dog.",
        "The mayor opened the granary with her own key.",
        "At the quay, Anna said that she would wait.",
        "The ice was gone by the first of April.",
    ],
)
def test_sentence_that_names_the_person_or_speaks_of_none(text: str) -> None:
    assert not names_nobody(text, NAMES)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("A group of owners met in May.", "The group consisted of six men."),
        ("In 1902 he built one of three small cranes.", "The cranes were made of iron."),
        ("The board bought an old ferry.", "The ferry sank in June."),
    ],
)
def test_what_another_sentence_introduced_refers_to_it(before: str, text: str) -> None:
    assert was_introduced(text, [before, "It rained."])
    assert refer_elsewhere([before, text])[1]
    assert not was_introduced(text, ["It rained."])


@pytest.mark.parametrize(
    "text", ["The group of owners met again.", "The harbour froze.", "Every group met again."]
)
def test_what_is_described_or_was_not_introduced_does_not(text: str) -> None:
    assert not was_introduced(text, ["A group of owners met in May."])


@pytest.mark.parametrize(
    ("text", "prepares"),
    [
        ("Suppose you own two boats and rent out one.", True),
        ("Let us consider the second boat.", True),
        ("Recall that ice is lighter than water.", True),
        ("We would also like to know whether the ice holds.", True),
        ("The board supposes that the ice holds.", False),
        ("Assume responsibility for the boats in your care.", False),
        ("Let us know when the ice breaks.", False),
        ("Suppose your boat sinks.", True),
        ("We would like to stress that the ice holds.", False),
        ("Assume the helm in calm water.", False),
    ],
)
def test_sentence_that_prepares_an_example_says_nothing_by_itself(
    text: str, prepares: bool
) -> None:
    assert supposes(text) is prepares
