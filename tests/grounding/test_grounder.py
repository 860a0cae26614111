from __future__ import annotations

import random

import pytest
from paged import paged

from longsum.documents.document import Document
from longsum.grounding.grounder import (
    REFUSAL,
    Grounder,
    answer_sentences,
    is_heading,
    is_refusal,
)

PAGE_1 = """Report of the Harbour Commission

The Harbour Commission was founded in 1987 to oversee the port of Westhaven. Anna Berg has chaired \
it since 2015. She approved the new container terminal after two years of hearings.

The terminal cost 412 million euros, of which the state paid a third. Fishermen protested against \
the loss of their moorings, and a court ordered the commission to pay them compen-
"""
PAGE_2 = """sation. In a letter to the minister, Tom Lund wrote: “The dredging of the northern \
channel has destroyed the eelgrass meadows, and nobody
"""
PAGE_3 = """will bring them back.” Water samples taken in 2021 showed 35 percent less oxygen than \
a decade before.

The commission recommends a fund of 20 million euros for restoring the coast. Freight traffic grew \
by 7 percent a year, mainly because of grain exports to Egypt. Rail connections remain poor, and \
most containers leave the port on trucks.
"""


@pytest.fixture(scope="module")
def report() -> Document:
    return paged(PAGE_1, PAGE_2, PAGE_3)


@pytest.fixture(scope="module")
def grounder(report: Document) -> Grounder:
    return Grounder(report)


# ---- statements


@pytest.mark.parametrize(
    ("sentence", "pages"),
    [
        ("The Harbour Commission, founded in 1987, oversees the port of Westhaven.", (1,)),
        ("The terminal cost 412 million euros, and the state paid a third of it.", (1,)),
        ("Fishermen protested because they lost their moorings.", (1,)),
        ("Anna Berg approved the new container terminal after two years of hearings.", (1,)),
        ("In 2021, water samples showed thirty-five percent less oxygen.", (3,)),
        ("A fund of 20 million euros is recommended to restore the coast.", (3,)),
        ("Grain exports to Egypt made freight traffic grow by 7 percent a year.", (3,)),
        ("- **Rail connections** are poor, so most containers leave on trucks.", (3,)),
        ("3. Rail connections are poor, so most containers leave on trucks. [12]", (3,)),
    ],
)
def test_statement_leads_to_its_page(grounder, sentence, pages):
    grounded = grounder.ground(sentence)
    assert grounded.supported
    assert grounded.pages == pages
    assert grounded.reference == f"p. {pages[0]}"


@pytest.mark.parametrize(
    "sentence",
    [
        "The commission was dissolved by parliament in the spring after a corruption scandal.",
        "The terminal cost 512 million euros, of which the state paid a third.",
        "The Harbour Commission, founded in 1978, oversees the port of Westhaven.",
        "Freight traffic grew by 7.5 percent a year, mainly because of grain exports to Egypt.",
        "Freight traffic grew by 7 percent a year because of grain exports to Egypt (1999).",
        "Peter Holm has chaired the commission since 2015.",
        "Photosynthesis converts sunlight into chemical energy.",
        "Yes.",
        "",
    ],
)
def test_what_is_not_in_the_document_has_no_page(grounder, sentence):
    grounded = grounder.ground(sentence)
    assert not grounded.supported
    assert (grounded.pages, grounded.reference, grounded.evidence) == ((), None, ())


def test_exchanged_name_is_flagged(grounder):
    """Both names are in the document, but Lund chairs nothing."""
    assert grounder.ground("Anna Berg has chaired it since 2015.").supported
    assert not grounder.ground("Tom Lund has chaired it since 2015.").supported
    assert not grounder.ground("Anna Lund has chaired it since 2015.").supported


def test_pronoun_is_followed_to_a_name_nearby_but_not_past_another():
    text = (
        "The council met in a small room above the library, as it had done for many years. {} "
        "presented the plan. After a long debate that nobody had wanted, {} approved the budget of "
        "the library. It was late when the lights went out."
    )
    she = Grounder(paged(text.format("Anna Berg", "she")))
    lund = Grounder(paged(text.format("Anna Berg", "Tom Lund")))
    claim = "Anna Berg approved the budget of the library."
    assert she.ground(claim).supported
    assert not lund.ground(claim).supported


def test_sentence_from_two_pages_names_both(grounder, report):
    grounded = grounder.ground(
        "The terminal cost 412 million euros, while rail connections remain poor and containers "
        "leave on trucks."
    )
    assert grounded.supported
    assert grounded.pages == (1, 3)
    assert grounded.reference == "pp. 1, 3"
    assert len(grounded.evidence) == 2
    for item in grounded.evidence:
        assert 0 < item.score < 1
        assert report.text[item.span.start : item.span.end].strip()


def test_evidence_is_the_sentence_itself(grounder, report):
    span = grounder.ground("Fishermen protested against the loss of moorings.").evidence[0].span
    assert report.text[span.start : span.end].startswith("Fishermen protested")


def test_text_without_pages_gives_lines():
    text = "Alpha came first.\nThe beta release fixed the memory leak.\n"
    document = Document(text, (), "0", "notes.txt", line_anchors=((0, 1), (18, 2)))
    grounded = Grounder(document).ground("The memory leak was fixed in the beta release.")
    assert (grounded.pages, grounded.reference) == ((), "line 2")


def test_refusal_needs_no_support(grounder):
    for text in (REFUSAL, "Not in the document", '"Not in the document."'):
        grounded = grounder.ground(text)
        assert grounded.is_refusal
        assert grounded.supported
        assert (grounded.reference, grounded.pages) == (None, ())
    assert not is_refusal("The terminal is not in the document.")


@pytest.mark.parametrize("text", ["## Findings", "**Key points**", "The report says three things:"])
def test_headings_need_no_support(grounder, text):
    grounded = grounder.ground(text)
    assert grounded.is_heading
    assert grounded.supported
    assert grounded.reference is None


@pytest.mark.parametrize("text", ["Costs rose by 90 percent:", "# In 1950", "Costs rose."])
def test_headings_with_numbers_are_statements(text):
    assert not is_heading(text)


# ---- quotations


def test_quotation_across_a_page_break_is_found(grounder, report):
    sentence = "Lund wrote that “nobody will bring them back”."
    (quotation,) = grounder.ground(sentence).quotations
    assert quotation.found
    assert quotation.reference == "pp. 2-3"
    place = report.text[quotation.span.start : quotation.span.end]
    assert place == "nobody\nwill bring them back"


def test_quotation_across_a_hyphenated_page_break_is_found(grounder):
    sentence = 'A court ordered it "to pay them compensation."'
    (quotation,) = grounder.ground(sentence).quotations
    assert (quotation.found, quotation.reference) == (True, "pp. 1-2")


def test_true_quotation_leads_to_its_page(grounder):
    grounded = grounder.ground("Of the dredging it says: “has destroyed the eelgrass meadows”.")
    assert grounded.supported
    assert 2 in grounded.pages
    assert grounded.quotations[0].found


def test_made_up_quotation_is_flagged(grounder):
    sentence = "Tom Lund wrote that the dredging “has killed every fish in the northern channel”."
    (quotation,) = grounder.ground(sentence).quotations
    assert quotation.text == "has killed every fish in the northern channel"
    assert (quotation.found, quotation.span, quotation.reference) == (False, None, None)


def test_quotation_with_one_word_changed_is_flagged(grounder):
    sentence = (
        "He wrote: “The dredging of the southern channel has destroyed the eelgrass meadows”."
    )
    assert not grounder.ground(sentence).quotations[0].found


# ---- whole answers


def test_answer_is_split_at_lines_bullets_and_sentences(grounder):
    answer = (
        "Summary:\n\n"
        "- The terminal cost 412 million euros. The state paid a third.\n"
        "- Freight grew by 7 percent a year\n"
        "  1. Lund wrote: “The dredging has destroyed the meadows. Nobody will bring them back.”\n"
        "***\n"
    )
    places = answer_sentences(answer)
    grounded = [grounder.ground(answer[start:end]) for start, end in places]
    assert [s.text for s in grounded] == [
        "Summary:",
        "The terminal cost 412 million euros.",
        "The state paid a third.",
        "Freight grew by 7 percent a year",
        "Lund wrote: “The dredging has destroyed the meadows. Nobody will bring them back.”",
    ]
    assert grounded[0].is_heading
    assert not grounded[-1].quotations[0].found


def test_empty_answer_and_empty_document():
    assert answer_sentences("") == []
    assert not Grounder(paged("")).ground("The terminal cost 412 million euros.").supported
    assert answer_sentences("\n \n") == []


# ---- other languages


@pytest.mark.parametrize(
    ("pages", "true", "false"),
    [
        (
            (
                "Der Ausschuss billigte im März den Haushalt der Stadt. ",
                "Die Brücke über den Fluss wird wegen Rost für 14 Monate gesperrt. ",
            ),
            "Wegen Rost bleibt die Brücke 14 Monate lang gesperrt.",
            "Die Brücke wird wegen Rost für 18 Monate gesperrt.",
        ),
        (
            (
                "市议会三月通过了城市预算。",
                "由于生锈，跨河大桥将关闭14个月。",
            ),
            "大桥因生锈将关闭14个月。",
            "大桥因生锈将关闭18个月。",
        ),
        (
            (
                "وافق المجلس على ميزانية المدينة في مارس. ",
                "سيغلق الجسر فوق النهر لمدة ١٤ شهرا بسبب الصدأ. ",
            ),
            "سيغلق الجسر لمدة 14 شهرا بسبب الصدأ.",
            "سيغلق الجسر لمدة 18 شهرا بسبب الصدأ.",
        ),
        (
            (
                "สภาอนุมัติงบประมาณของเมืองในเดือนมีนาคม\n",
                "สะพานข้ามแม่น้ำจะปิดเป็นเวลา 14 เดือนเนื่องจากสนิม\n",
            ),
            "สะพานจะปิด 14 เดือนเพราะสนิม",
            "สะพานจะปิด 18 เดือนเพราะสนิม",
        ),
        (
            (
                "Le conseil a approuvé le budget de la ville en mars. ",
                "Le pont sur la rivière sera fermé pendant 14 mois à cause de la rouille. ",
            ),
            "À cause de la rouille, le pont sera fermé 14 mois.",
            "À cause de la rouille, le pont sera fermé 18 mois.",
        ),
    ],
    ids=["German", "Chinese", "Arabic", "Thai", "French"],
)
def test_other_languages(pages, true, false):
    grounder = Grounder(paged(*pages))
    assert grounder.ground(true).pages == (2,)
    assert not grounder.ground(false).supported


# ---- size


def test_every_sentence_of_a_long_document_is_found_at_its_place():
    rng = random.Random(0)
    vocabulary = [f"word{index}" for index in range(4000)]
    sentences = [" ".join(rng.choices(vocabulary, k=15)).capitalize() + "." for _ in range(1500)]
    document = paged(" ".join(sentences))  # 22,500 words, about 30,000 tokens
    grounder = Grounder(document)
    for sentence in sentences[::30]:
        place = grounder.ground(sentence).evidence[0].span
        assert document.text[place.start : place.end] == sentence


def test_table_without_full_stops_supports_nothing_by_its_size():
    rng = random.Random(1)
    vocabulary = ["cost", "port", "ship", "grain", "truck", "rail", "court", "fund"] + [
        f"item{i}" for i in range(2000)
    ]
    table = " ".join(rng.choices(vocabulary, k=3000))
    claim = (
        "The court closed the port to every grain ship and gave the rail fund to a truck dealer."
    )
    assert not Grounder(paged(table)).ground(claim).supported
