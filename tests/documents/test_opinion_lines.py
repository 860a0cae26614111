"""Lines of court opinions: who opens an opinion, and what stands above each page of it."""

from __future__ import annotations

import time

import pytest

from longsum.documents.opinion_lines import court_lines, opinion_lines


def lines(text: str) -> list[tuple[str, bool]]:
    return [(line.name, line.opens) for line in opinion_lines(text)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("JUSTICE BELLOWS, JUSTICE CARMODY, and JUSTICE DUNN, dissenting.",
         "Justices Bellows, Carmody and Dunn, dissenting"),
        ("CHIEF JUSTICE ALBRIGHT and JUSTICE DUNN, concurring.",
         "Chief Justice Albright and Justice Dunn, concurring"),
        ("JUSTICES BELLOWS and DUNN, dissenting.", "Justices Bellows and Dunn, dissenting"),
        ("MR. JUSTICE BELLOWS, dissenting.", "Mr. Justice Bellows, dissenting"),
        ("JUSTICE DUNN, concurring in part, concurring in the judgment in part, and dissenting in "
         "part.", "Justice Dunn, concurring in part and dissenting in part"),
        ("JUSTICE DUNN, with whom JUSTICE BELLOWS joins as to\nPart I, concurring in part and "
         "dissent-\ning in part.", "Justice Dunn, concurring in part and dissenting in part"),
        ("JUSTICE DUNN, with whom JUSTICE BELLOWS joins,\ndissenting.",
         "Justice Dunn, dissenting"),
        ("JUSTICE DUNN, with whom JUSTICE BELLOWS and JUSTICE CARMODY, join dissenting.",
         "Justice Dunn, dissenting"),
        ("JUSTICE DUNN, dissenting, with whom JUSTICE BELLOWS joins.", "Justice Dunn, dissenting"),
        ("JUSTICE DUNN, dissenting.* The", "Justice Dunn, dissenting"),
        ("Statement of JUSTICE DUNN respecting the denial of certiorari.",
         "Justice Dunn, respecting the denial of certiorari"),
        ("DUNN, Circuit Judge, dissenting:", "Dunn, Circuit Judge, dissenting"),
        ("DUNN, Senior Circuit Judge, with whom BELLOWS, Circuit Judge, joins, concurring in the "
         "judgment:", "Dunn, Senior Circuit Judge, concurring in the judgment"),
        ("A. B. Dunn, Circuit Judge, and Bellows, District Judge, dissenting from the denial of\n"
         "rehearing en banc:",
         "A. B. Dunn, Circuit Judge and Bellows, District Judge, dissenting from the denial of "
         "rehearing en banc"),
        ("DUNN and BELLOWS, Circuit Judges, dissenting.",
         "Dunn and Bellows, Circuit Judges, dissenting"),
        ("DUNN, JR., J., dissenting. The", "Dunn, Jr., J., dissenting"),
        ("Chief Justice DUNN, dissenting.", "Chief Justice Dunn, dissenting"),
        ("Presiding Justice Dunn, concurring.", "Presiding Justice Dunn, concurring"),
        ("DUNN-VALE, Acting P. J., concurring. I", "Dunn-Vale, Acting P. J., concurring"),
        ("JUSTICE DUNN, specially concurring:", "Justice Dunn, specially concurring"),
        ("Mr. Justice DUNN, with whom Mr. Justice BELLOWS concurs, dissenting.",
         "Mr. Justice Dunn, dissenting"),
        ("\u00b6 42 JUSTICE DUNN, dissenting.", "Justice Dunn, dissenting"),
        ("LORD DUNN: (concurring)", "Lord Dunn, concurring"),
        ("DUNN, J. (dissenting). The ferry", "Dunn, J., dissenting"),
        ("LORD DUNN (dissenting)", "Lord Dunn, dissenting"),
        ("LADY DUNN: (partly dissenting)", "Lady Dunn, partly dissenting"),
    ],
)  # fmt: skip
def test_opinions_open_in_several_ways(line: str, name: str) -> None:
    assert lines(f"We affirm.\n\n{line}\nIt is loud.") == [(name, True)]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("BELLOWS, J., dissenting", "Bellows, J., dissenting"),
        ("ALBRIGHT, C. J., concurring in judgment", "Albright, C. J., concurring in judgment"),
        ("BELLOWS, CARMODY, and DUNN, JJ., dissenting",
         "Bellows, Carmody and Dunn, JJ., dissenting"),
        ("BELLOWS, J., concurring in part and dissenting in part",
         "Bellows, J., concurring in part and dissenting in part"),
        ("BELLOWS, J., dissenting.", "Bellows, J., dissenting"),
        ("Justice Bellows, dissenting", "Justice Bellows, dissenting"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "below", ["nate what is at stake. The", "in this case. The", "v. Town, 1 U. S. 9. It", "The F."]
)
def test_running_head_ends_with_its_line(head: str, name: str, below: str) -> None:
    """The first words of the page were once read as the end of the head, up to a full stop."""
    assert lines(f"HARBOUR v. TOWN\n{head} \n{below} ferry is loud.\n") == [(name, False)]


@pytest.mark.parametrize(
    "text",
    [
        "See Harbour v. Town, 1 U. S. 9 (1990). BELLOWS, J., dissenting\nFerries are loud.",
        "The others did, and (\nBELLOWS, J., dissenting), who saw the ferry, did not.",
        "JUSTICE BELLOWS, concurring in the judgment, saw no ferry. It was dark.",
        "JUSTICE BELLOWS, with whom I agree. The others were, dissenting.",
        "Bellows, dissenting, wrote:\nFerries are loud.",
        "JUSTICE BELLOWS filed a dissenting opinion.",
        "The Fire Brigade, Town Council, and Harbour, dissenting.",
        "DUNN, J. (dissenting in Harbour v. Town) saw no ferry.",
    ],
)
def test_other_lines_are_not_of_separate_opinions(text: str) -> None:
    assert lines(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "JUSTICE DUNN delivered the opinion of the Court.",
        "DUNN, C. J., delivered the opinion of the Court, in which BELLOWS, J., joined.",
        "JUSTICE DUNN announced the judgment of the Court and delivered an opinion.",
        "[May 3, 2010] PER CURIAM.",
        "Opinion of the Court",
        "OPINION OF THE COURT",
        "Per Curiam",
        "Syllabus",
        "DUNN, Circuit Judge:",
        "DUNN, J.:",
        "LORD DUNN: (with whom Lady Bellows agrees)",
    ],
)
def test_lines_of_the_court(line: str) -> None:
    assert len(court_lines(f"It is loud.\n{line}\nWe affirm.")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "Justice Dunn delivered the opinion of the Court in Harbour v. Town.",
        "In the opinion of the Court",
        "JUSTICE DUNN: Is it loud?",
        "LORD DUNN: (dissenting)",
        "The opinion of the Court per curiam",
    ],
)
def test_mentions_of_the_court_are_not_its_lines(line: str) -> None:
    assert court_lines(f"It is loud.\n{line}\nWe affirm.") == []


@pytest.mark.parametrize(
    "unit",
    [
        "JUSTICE DUNN, dissenting in part ",
        "JUSTICE DUNN, with whom JUSTICE DUNN, ",
        "DUNN, BELLOWS, and CARMODY,\n",
        "DUNN, J., dissenting\n",
        "Dunn and Bellows, dissenting ",
        "dissenting" + " " * 40,
        "\f \n",
    ],
)
def test_time_is_linear_in_the_text(unit: str) -> None:
    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit)) + "dissenting"
        begun = time.process_time()
        opinion_lines(text)
        return time.process_time() - begun

    short = min(seconds(20_000) for _ in range(2))
    assert seconds(160_000) < 40 * short + 0.5  # quadratic: 64 times
