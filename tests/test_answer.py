from __future__ import annotations

from dataclasses import replace

from terminal_report import SENTENCES, SOURCE

from longsum.answer import Answer, sentence_as_dict
from longsum.documents.extent import Extent
from longsum.grounding.grounder import Grounder
from longsum.grounding.sources import Sources
from longsum.receipt import Receipt


def test_answer_as_json_holds_spans_into_the_document():
    receipt = Receipt(
        document="report.pdf", sha256="0", tokens_read=9, tokens_total=9,
        extent=Extent("page", 2, ((1, 2),)), truncate=None, model="mini", revision=None,
        window=100, rope="PI",
        factor=16.0, quantize="none", dtype="float32", kv_cache="fp32", device="cpu",
        mode="verbatim", prompt_tokens=3, answer_tokens=4, load_s=0.1, prefill_s=0.1,
        from_cache=False, decode_s=0.1,
        prefill_tps=90.0, decode_tps=40.0, peak_memory_bytes=0, finish_reason="words",
    )  # fmt: skip
    answer = Answer(" ".join(s.text for s in SENTENCES), "", tuple(SENTENCES), receipt, "Who?")
    found = answer.as_dict()
    assert list(found) == [*("question", "answered", "text", "sentences", "nearest", "receipt")]
    assert found["answered"] is True
    assert found["text"] == SOURCE.text.replace("\n", " ")
    for sentence in found["sentences"]:
        (span,) = sentence["spans"]
        assert SOURCE.text[span["start"] : span["end"]] == sentence["text"]
    assert [s["pages"] for s in found["sentences"]] == [[1], [1], [2]]
    assert "question" not in replace(answer, question=None).as_dict()


def test_json_says_what_differs_and_where():
    found = sentence_as_dict(Grounder(SOURCE).ground("The terminal cost 512 million euros."))
    assert (found["supported"], found["reference"], found["reason"]) == (False, None, "number")
    assert found["contrary"] == {
        "differs": "number",
        "said": "512 million",
        "found": "412 million",
        "reference": "p. 1",
        "pages": [1],
        "spans": [{"start": 0, "end": 36}],
    }
    assert "sources" not in found


def test_json_holds_the_sources_that_were_asked_for():
    assert sentence_as_dict(Sources(SOURCE).added(SENTENCES[1]))["sources"] == [
        {"text": "Anna Berg chairs the board.", "reference": "p. 1", "start": 37, "end": 64}
    ]
