from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers import REORDERED, REPEATED, Recorder, printed, report_pdf, story
from tiny import save_checkpoint

from longsum.answer import Answer
from longsum.config import DecodeConfig, LoadConfig, SummaryConfig
from longsum.documents.document import Document, Page
from longsum.documents.read import read_document
from longsum.errors import (
    DocumentTooLong,
    EmptyDocument,
    InsufficientMemory,
    LongsumError,
    ModelUnavailable,
    UsageError,
)
from longsum.events import Listener
from longsum.marking import mark
from longsum.model.resolve import MINI_FOLDER
from longsum.opening import open_session, summarize_document
from longsum.prepared import prepare
from longsum.reading import Reading
from longsum.session import Session
from longsum.settings import settings_in
from longsum.similarity import near_duplicates
from longsum.summarize import SummaryTask, summarize_reading
from longsum.summary_choice import LikelihoodChooser

MINI = LoadConfig(model="mini", device="cpu")
GREEDY = DecodeConfig()


@pytest.fixture(scope="module")
def document(tmp_path_factory) -> Document:
    return read_document(report_pdf(tmp_path_factory.mktemp("report") / "report.pdf"))


@pytest.fixture(scope="module")
def session(document) -> Session:
    """The bundled model with the report read."""
    return open_session(document, [SummaryTask(SummaryConfig(words=700))], MINI)


def summarized(session: Session, config: SummaryConfig, decode=GREEDY, listener=None) -> Answer:
    task = SummaryTask(config, decode)
    return summarize_reading(session.reading, task, listener or Listener())


@pytest.fixture(scope="module")
def likelihood_session(document, tmp_path_factory) -> Session:
    """The same without its selection head: the model's own likelihood chooses."""
    folder = tmp_path_factory.mktemp("headless") / "model"
    shutil.copytree(MINI_FOLDER, folder, ignore=shutil.ignore_patterns("selection.*"))
    task = SummaryTask(SummaryConfig(words=700, verbatim=True))
    return open_session(document, [task], LoadConfig(model=str(folder), device="cpu"))


@pytest.fixture(scope="module")
def tiny(tiny: Path) -> LoadConfig:
    return LoadConfig(model=str(tiny), device="cpu")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> LoadConfig:
    """A model whose window the report does not fit."""
    folder = tmp_path_factory.mktemp("small")
    save_checkpoint(folder, max_position_embeddings=2048)
    return LoadConfig(model=str(folder), device="cpu")


def page_of(sentence: str) -> set[str]:
    return {f"p. {n}" for n, page in enumerate(story(), 1) if sentence in page}


# ---- verbatim


@pytest.mark.parametrize("words", [40, 80, 200])
@pytest.mark.parametrize("style", ["paragraph", "bullets", "executive"])
def test_summary_is_made_of_the_documents_sentences(session, document, words, style):
    heard = Recorder()
    config = SummaryConfig(words=words, style=style)
    answer = summarized(session, config, listener=heard)
    found = printed(answer.marked)
    texts = [text for text, _ in found]
    assert len(found) == len(answer.sentences)
    for text, reference in found:
        assert reference in page_of(text)
    starts = [s.evidence[0].span.start for s in answer.sentences]
    in_order = starts[1:] if style == "executive" else starts  # its headline comes first
    assert in_order == sorted(set(in_order))
    assert len(set(starts)) == len(starts)
    assert len(set(near_duplicates(texts))) == len(texts)
    assert sum(text in (REPEATED, REORDERED) for text in texts) <= 1
    count, longest = sum(len(text.split()) for text in texts), 14
    assert min(0.9 * words, 1.15 * words - longest) <= count <= 1.15 * words
    assert "".join(heard.pieces) == answer.marked
    assert answer.text == " ".join(texts)


def test_style_changes_the_lines_and_not_the_sentences(session):
    answers = [
        summarized(session, SummaryConfig(words=80, style=style))
        for style in ("paragraph", "bullets", "executive")
    ]
    chosen = [sorted(each.text for each in answer.sentences) for answer in answers]
    assert chosen[0] == chosen[1] == chosen[2]
    assert answers[0].text == answers[1].text
    paragraph, bullets, executive = (answer.marked.split("\n") for answer in answers)
    assert len(paragraph) == 1
    assert all(line.startswith("- ") for line in bullets)
    assert not executive[0].startswith("- ")
    assert executive[1] == ""
    assert all(line.startswith("- ") for line in executive[2:])


def test_focus_draws_in_what_the_reader_asked_for(session):
    plain, focused = (
        summarized(session, SummaryConfig(words=80, focus=focus))
        for focus in (None, "the night watchman and the granary")
    )

    def share(answer):
        texts = [sentence.text for sentence in answer.sentences]
        return sum("watchman" in text or "granary" in text for text in texts) / len(texts)

    assert share(focused) > share(plain)


def test_summary_of_an_opinion_leaves_the_dissent_out_and_says_so(tmp_path):
    opinion = (
        "JUSTICE ALBRIGHT delivered the opinion of the Court. The ferry may carry passengers at "
        "night. The statute names no hours. The town asked for a ban in March. We affirm.\n\n"
        "JUSTICE BELLOWS, dissenting. The noise of the ferry wakes every child of the town. The "
        "statute protects the peace of the night. I would reverse."
    )
    (tmp_path / "opinion.txt").write_text(opinion)
    read = read_document(tmp_path / "opinion.txt")
    listener = Recorder()
    summary = summarize_document(read, load=MINI, listener=listener)
    assert "The statute names no hours." in summary.text
    assert "child" not in summary.text
    (notice,) = [each for each in listener.notices if "left out" in each]
    assert "as a separate opinion: Justice Bellows, dissenting (line 3)" in notice
    focused = SummaryConfig(focus="the dissent")
    listener = Recorder()
    whole = summarize_document(read, config=focused, load=MINI, listener=listener)
    (child,) = [each for each in whole.sentences if "child" in each.text]
    assert child.reference == "line 3, Justice Bellows, dissenting"
    assert not [each for each in listener.notices if "left out" in each]


def test_notice_names_each_separate_opinion_once(tmp_path):
    """Running heads were each named as another opinion, and joint dissents not at all."""
    page = "The noise of the ferry wakes every child of the town.\n\n"
    opinion = (
        "JUSTICE ALBRIGHT delivered the opinion of the Court. The ferry may carry passengers at "
        "night. The statute names no hours. The town asked for a ban in March. We affirm.\n\n"
        f"JUSTICE BELLOWS, dissenting.\n\n{page}BELLOWS, J., dissenting\n\n{page}"
        f"JUSTICE CARMODY and JUSTICE DUNN, dissenting.\n\n{page}"
        f"CARMODY and DUNN, JJ., dissenting\n\n{page}BELLOWS, J., dissenting\n\n{page}"
    )
    (tmp_path / "opinion.txt").write_text(opinion)
    listener = Recorder()
    summary = summarize_document(
        read_document(tmp_path / "opinion.txt"), load=MINI, listener=listener
    )
    assert "child" not in summary.text
    (notice,) = [each for each in listener.notices if "left out" in each]
    assert notice.startswith(
        "left out of the summary, as separate opinions: Justice Bellows, dissenting (line 3, line "
        "19); Justices Carmody and Dunn, dissenting (line 11); "
    )


def test_budget_for_an_answer_is_reserved_only_where_one_is_written(document, tiny):
    """Documents of 31,970 to 32,765 tokens were refused, for 800 tokens that were never written."""

    def answer(config: SummaryConfig, load: LoadConfig) -> int:
        return prepare(document, [SummaryTask(config)], load).budget.answer

    assert answer(SummaryConfig(), MINI) == 0
    assert answer(SummaryConfig(verbatim=False), MINI) == 800
    assert answer(SummaryConfig(verbatim=True), tiny) == 800  # it has no head: tokens are chosen


def test_focus_reaches_what_the_model_chooses_from(likelihood_session, monkeypatch):
    """The model may choose others, but the candidates follow the focus."""
    offered: dict[str | None, dict[str, float]] = {}
    choose = Reading.choose
    for focus in (None, "the night watchman and the granary"):

        def spy(self, suffix, choices, decode, listener, focus=focus):
            texts = [self.tokenizer.decode(choice.token_ids).strip() for choice in choices]
            offered[focus] = dict(zip(texts, [c.weight for c in choices], strict=True))
            return choose(self, suffix, choices, decode, listener)

        monkeypatch.setattr(Reading, "choose", spy)
        config = SummaryConfig(words=80, focus=focus, verbatim=True)
        summarized(likelihood_session, config)
    plain, focused = offered.values()
    raised = {text: focused[text] - plain[text] for text in plain if text in focused}
    about = [rise for text, rise in raised.items() if "watchman" in text]
    others = [rise for text, rise in raised.items() if "watchman" not in text]
    assert about
    assert min(about) > sum(others) / len(others)


def test_summary_is_the_same_each_time(session):
    config = SummaryConfig(words=80)
    first, second = (summarized(session, config).marked for _ in range(2))
    assert first == second


def test_sampled_summary_repeats_with_its_seed(session):
    config = SummaryConfig(words=70)

    def sampled(seed: int) -> str:
        decode = DecodeConfig(temperature=5.0, seed=seed)
        return summarized(session, config, decode).text

    texts = [sampled(seed) for seed in (1, 2, 3, 4)]
    assert sampled(1) == texts[0]
    assert len(set(texts)) > 1


def test_receipt_accounts_for_every_token(session, document):
    receipt = summarized(session, SummaryConfig(words=70)).receipt
    assert (
        receipt.tokens_read
        == receipt.tokens_total
        == len(session.reading.prepared.document_ids)
        > 400
    )
    assert (receipt.pages_read, receipt.pages_total, receipt.truncated) == (3, 3, False)
    assert (receipt.model, receipt.window, receipt.rope, receipt.factor) == (
        "mini",
        32768,
        "PI",
        16,
    )
    assert (receipt.mode, receipt.finish_reason) == ("verbatim", "words")
    assert receipt.sha256 == document.sha256


def test_text_gives_lines(tmp_path, tiny):
    path = tmp_path / "notes.txt"
    lines = [sentence for page in story() for sentence in page[:10]]
    path.write_text("\n\n".join(lines))
    config = SummaryConfig(words=70, verbatim=True)
    answer = summarize_document(read_document(path), config=config, load=tiny)
    found = printed(answer.marked)
    assert found
    assert [f"line {2 * lines.index(text) + 1}" for text, _ in found] == [r for _, r in found]


def test_a_sentence_that_the_text_repeats_is_shown_once(tmp_path):
    """Half of a summary was one warning that each paragraph ends with."""
    notice = "Nothing in this chapter is legal advice, and every reader should ask a lawyer first."
    lines = [f"{sentence} {notice}" for sentence in story()[0][:10]]
    lines[3] = lines[3].upper()
    path = tmp_path / "notes.txt"
    path.write_text("\n\n".join(lines).replace("legal advice", "legal  advice", 1))
    answer = summarize_document(read_document(path), config=SummaryConfig(words=120))
    shown = [" ".join(each.text.split()).casefold() for each in answer.sentences]
    assert len(shown) > 3
    assert shown.count(notice.casefold()) <= 1
    assert len(set(shown)) == len(shown)


def test_document_without_sentences_is_refused(tmp_path, tiny):
    path = tmp_path / "list.txt"
    path.write_text("Apples 12\n\nPears 13\n")
    with pytest.raises(EmptyDocument, match="no complete sentences"):
        summarize_document(
            read_document(path), config=SummaryConfig(verbatim=True, words=20), load=tiny
        )


def test_fewer_tokens_than_any_sentence_are_refused(document, tiny):
    with pytest.raises(UsageError, match="^max_new_tokens leaves"):
        summarize_document(
            document, config=SummaryConfig(verbatim=True), load=tiny,
            decode=DecodeConfig(max_new_tokens=5),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("focus", "matches"),
    [("xyzzy foobar", False), ("the", False), ("lighthouses", True), ("xyzzy river", True)],
)
def test_focus_that_matches_nothing_says_so(session, focus, matches):
    """The focus "xyzzy foobar" gave the summary without focus, and did not say so."""
    heard = Recorder()
    config = SummaryConfig(words=20, focus=focus)
    summarized(session, config, listener=heard)
    assert any("no sentence of the document holds" in line for line in heard.warnings) != matches


# ---- free


def test_free_answer_comes_in_pieces_with_a_mark_after_every_sentence(document, tiny):
    heard = Recorder()
    decode = DecodeConfig(max_new_tokens=80, temperature=1.0, seed=7)
    config = SummaryConfig(language="de")  # in which no sentence is written again
    answer = summarize_document(document, config=config, load=tiny, decode=decode, listener=heard)
    assert "".join(heard.pieces) == answer.marked
    assert len(heard.pieces) > 5
    expected, at = "", 0
    for sentence in answer.sentences:
        assert answer.text[sentence.start : sentence.end] == sentence.text
        expected += answer.text[at : sentence.end] + mark(sentence)
        at = sentence.end
    assert expected + answer.text[at:] == answer.marked
    assert answer.receipt.mode == "free"


def test_free_answer_repeats_with_its_seed(document, tiny):
    def written(seed: int) -> str:
        decode = DecodeConfig(max_new_tokens=30, temperature=1.0, seed=seed)
        return summarize_document(document, load=tiny, decode=decode).text

    assert written(1) == written(1)
    assert len({written(seed) for seed in (1, 2, 3)}) > 1


def scripted(monkeypatch, *pieces: str) -> None:
    monkeypatch.setattr(Reading, "write", lambda *_: (each for each in pieces))


def test_free_sentences_lead_to_their_pages(document, tiny, monkeypatch):
    true, false = story()[1][0], "Photosynthesis converts sunlight into chemical energy."
    scripted(monkeypatch, "\n ", true[:9], true[9:] + " ", *false.split(" ", 1), "\n\n")
    heard = Recorder()
    answer = summarize_document(document, load=tiny, listener=heard)
    assert answer.marked == "".join(heard.pieces)
    first, second = answer.marked.split("] ")
    assert first == f"{true} [p. 2"
    assert second.endswith(" [no support found]")
    assert [s.pages for s in answer.sentences] == [(2,), ()]


def test_answer_of_which_nothing_was_found_says_so(document, tiny, monkeypatch):
    """Seven sentences marked [no support found], exit code 0, and no warning about the whole."""
    scripted(monkeypatch, "Photosynthesis converts sunlight. ", "Quarks have colours and flavours.")
    receipt = summarize_document(document, load=tiny).receipt
    assert (receipt.sentences, receipt.sentences_supported) == (2, 0)
    assert "0 of 2 sentences found in the document" in receipt.lines()[1]
    assert "none of this answer was found in the document (0 of 2 sentences)" in (
        receipt.cautions()
    )


def test_answer_of_which_something_was_found_is_counted(document, tiny, monkeypatch):
    scripted(monkeypatch, f"{story()[1][0]} Quarks have colours and flavours. Findings:")
    receipt = summarize_document(document, load=tiny).receipt
    assert (receipt.sentences, receipt.sentences_supported) == (2, 1)
    assert not any("nothing of" in line for line in receipt.cautions())


def test_answer_that_goes_round_ends_and_says_so(document, tiny, monkeypatch):
    """The receipt advised to allow more tokens after nine near-identical paragraphs."""
    rounds = [f"The {n} study found more confidence among the older participants of the group. "
              for n in ("first", "second", "third", "main", "other", "last", "small")]  # fmt: skip
    scripted(monkeypatch, *rounds)
    answer = summarize_document(document, load=tiny)
    assert answer.receipt.finish_reason == "loop"
    assert not settings_in("".join(answer.receipt.lines() + answer.receipt.cautions()))
    assert any("began to repeat itself" in line for line in answer.receipt.cautions())
    assert len(answer.sentences) < len(rounds)


def test_prompts_own_words_are_given_no_page(tiny, monkeypatch):
    text = "Prompts may say that the document ends here and there. They are read first."
    pages = (Page(1, 0, len(text)),)
    echoed = Document(text, pages, sha256="0", name="a.pdf", total_pages=1)
    scripted(monkeypatch, "The document ends here. ", "They are read first.")
    answer = summarize_document(echoed, load=tiny)
    assert answer.marked.endswith("They are read first. [p. 1]")
    assert answer.marked.startswith("The document ends here. [no support found]")


def test_answer_without_words_is_an_error(document, tiny, monkeypatch):
    scripted(monkeypatch, " ", "\n")
    with pytest.raises(LongsumError, match="wrote nothing"):
        summarize_document(document, load=tiny)


def test_answer_cut_off_at_the_token_limit_says_so(document, tiny):
    decode = DecodeConfig(max_new_tokens=3, temperature=1.0, seed=7)
    receipt = summarize_document(document, load=tiny, decode=decode).receipt
    assert (receipt.finish_reason, receipt.answer_tokens) == ("length", 3)
    assert "CUT OFF" in "\n".join(receipt.lines())


# ---- before reading


def test_reading_is_announced_and_counted(document, tiny):
    heard = Recorder()
    answer = summarize_document(
        document, load=tiny, decode=DecodeConfig(max_new_tokens=2), listener=heard
    )
    receipt = answer.receipt
    assert (
        f"document {receipt.tokens_total:,} + prompt {receipt.prompt_tokens:,} + answer 2"
        in (heard.notices[0])
    )
    dones = [done for done, _ in heard.reading]
    assert dones == sorted(set(dones))
    assert dones[-1] == heard.reading[-1][1] >= receipt.tokens_total


def test_document_that_is_too_long_is_refused(document, small):
    with pytest.raises(DocumentTooLong, match="report.pdf is too long"):
        summarize_document(document, config=SummaryConfig(words=70), load=small)


@pytest.mark.parametrize("cut", ["head", "tail", "middle"])
def test_truncated_reading_says_so_and_quotes_only_what_was_read(document, small, cut):
    heard = Recorder()
    config = SummaryConfig(words=20, verbatim=True)
    answer = summarize_document(document, config=config, load=small, truncate=cut, listener=heard)
    receipt = answer.receipt
    assert receipt.truncate == cut
    assert receipt.tokens_read < receipt.tokens_total
    missing = receipt.extent.what_is_missing()
    assert f"{missing} LEFT OUT" in receipt.lines()[0]
    left_out = receipt.tokens_total - receipt.tokens_read
    (warning,) = heard.warnings
    assert missing in warning
    assert f"{left_out:,} of {receipt.tokens_total:,} tokens are not read" in warning
    read = receipt.tokens_read  # bytes, which are characters here
    length = len(document.text)
    kept = {"head": [(length - read, length)], "tail": [(0, read)],
            "middle": [(0, read - read // 2), (length - read // 2, length)]}[cut]  # fmt: skip
    for sentence in answer.sentences:
        span = sentence.evidence[0].span
        assert any(start <= span.start and span.end <= end for start, end in kept)


def test_truncation_is_not_used_where_all_fits(document, tiny):
    decode = DecodeConfig(max_new_tokens=2)
    receipt = summarize_document(document, load=tiny, decode=decode, truncate="tail").receipt
    assert receipt.truncate is None
    assert receipt.tokens_read == receipt.tokens_total


@pytest.mark.parametrize(
    ("load", "error"),
    [
        (LoadConfig(model="mini", device="cpu", memory_bytes=1 << 20), InsufficientMemory),
        (LoadConfig(model="owner/absent", device="cpu"), ModelUnavailable),
        (LoadConfig(model="mini", device="cpu", context=65536), ModelUnavailable),
    ],
)
def test_run_that_cannot_work_is_refused_before_weights_are_loaded(
    document, load, error, monkeypatch
):
    monkeypatch.setattr("longsum.loading.loader.load_model", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(error):
        summarize_document(document, load=load)


def test_bundled_model_refuses_a_template_and_reports_the_language(session, document, tmp_path):
    with pytest.raises(UsageError, match="^prompt is not for"):
        prepare(document, [SummaryTask(SummaryConfig(prompt=tmp_path / "mine.jinja"))], MINI)
    heard = Recorder()
    summarized(session, SummaryConfig(words=20, language="de"), listener=heard)
    assert any("‹language› has no effect" in line for line in heard.notices)


ASIDES = """# The frost

The harbour board of Lund closed the port for eleven days in January 1807.

# Prices

Therefore, the price of rye doubled in a week, because no ship could enter the port (see Table 2).

# The granary

Moreover, the mayor of Lund opened the granary on the third day of the frost [14].

# The board

The granary held rye for four months, which the harbour board had bought in the autumn."""


def told(tmp_path: Path, verbatim: bool | None, words: int = 70, load=MINI) -> Answer:
    path = tmp_path / "frost.md"
    path.write_text(ASIDES, encoding="utf-8")
    task = SummaryTask(SummaryConfig(words=words, verbatim=verbatim))
    session = open_session(read_document(path), [task], load)
    return summarize_reading(session.reading, task, Listener())


def test_a_summary_leaves_out_asides_and_keeps_the_whole_sentences_beside(tmp_path):
    answer = told(tmp_path, None)
    changed = {each.text: each.original for each in answer.sentences if each.original}
    assert changed == {
        "The price of rye doubled in a week, because no ship could enter the port.": (
            "Therefore, the price of rye doubled in a week, because no ship could enter the port "
            "(see Table 2)."
        ),
        "The mayor of Lund opened the granary on the third day of the frost.": (
            "Moreover, the mayor of Lund opened the granary on the third day of the frost [14]."
        ),
    }
    assert "Therefore" not in answer.marked
    assert answer.text == " ".join(each.text for each in answer.sentences)
    found = {each["text"]: each.get("original") for each in answer.as_dict()["sentences"]}
    assert {text: whole for text, whole in found.items() if whole} == changed


def test_a_verbatim_summary_leaves_out_nothing(tmp_path):
    answer = told(tmp_path, True)
    text = " ".join(ASIDES.split())
    assert all(each.text in text and each.original is None for each in answer.sentences)
    assert "Therefore, the price" in answer.text
    assert not any("original" in each for each in answer.as_dict()["sentences"])


BRACKETS = """# The frost

Anna Lund kept the light. The lamp was as old as the harbour itself and smoked. \
She said that the port was closed for eleven days, and that no ship could enter it.

# The granary

The BFB opened the granary on the third day of the frost and sold the rye at half its price.

# The board

The Baltic Ferry Board (BFB) was poor."""


def test_a_summary_says_in_brackets_what_its_sentences_refer_to(tmp_path):
    path = tmp_path / "frost.md"
    path.write_text(BRACKETS, encoding="utf-8")
    task = SummaryTask(SummaryConfig(words=70))
    reading = open_session(read_document(path), [task], MINI).reading
    answer = summarize_reading(reading, task, Listener())
    first, last = (each for each in answer.sentences if each.resolved)
    assert first.text.startswith("She [Anna Lund] said that the port was closed")
    assert last.text.startswith("The BFB [Baltic Ferry Board] opened the granary")
    assert last.original == last.text.replace(" [Baltic Ferry Board]", "")
    assert last.text in answer.marked
    found = answer.as_dict()["sentences"]
    person, short = (pair for each in found for pair in each.get("resolved", ()))
    assert (person["word"], person["stands_for"]) == ("She", "Anna Lund")
    assert short["word"] == "BFB"
    place = short["span"]
    assert reading.prepared.document.text[place["start"] : place["end"]] == short["stands_for"]
    assert short["reference"] == "line 11"
    whole = summarize_reading(
        reading, SummaryTask(SummaryConfig(words=70, verbatim=True)), Listener()
    )
    assert not any(each.resolved or "[" in each.text for each in whole.sentences)


def test_words_that_are_left_out_do_not_count(tmp_path):
    limit = len(told(tmp_path, None).text.split())
    shortened, whole = (told(tmp_path, verbatim, limit) for verbatim in (None, True))
    assert len(shortened.sentences) == 4
    assert len(whole.sentences) == 3


def test_words_that_are_left_out_do_not_count_in_a_choice_by_likelihood(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(MINI_FOLDER, folder, ignore=shutil.ignore_patterns("selection.*"))
    path = tmp_path / "frost.md"
    path.write_text(ASIDES, encoding="utf-8")
    task = SummaryTask(SummaryConfig(words=100, verbatim=True))
    load = LoadConfig(model=str(folder), device="cpu")
    reading = open_session(read_document(path), [task], load).reading
    limit = len(told(tmp_path, None).text.split())
    counts = []
    for verbatim in (None, True):
        config = SummaryConfig(words=limit, verbatim=verbatim)
        found = LikelihoodChooser(reading, "\n").summary(config, GREEDY, Listener())
        counts.append(len(found.spans))
    assert counts == [4, 3]
