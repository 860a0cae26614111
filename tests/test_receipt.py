from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from longsum.documents.extent import Extent
from longsum.receipt import ReadPart, Receipt, joined

WHOLE = Receipt(
    document="report.pdf",
    sha256="0" * 64,
    tokens_read=18342,
    tokens_total=18342,
    extent=Extent("page", 52, ((1, 52),)),
    truncate=None,
    model="vicuna-7b-16k",
    revision=None,
    window=32768,
    rope="PI",
    factor=8.0,
    quantize="nf4",
    dtype="bfloat16",
    kv_cache="bf16",
    device="cuda",
    mode="free",
    prompt_tokens=96,
    answer_tokens=210,
    load_s=3.04,
    prefill_s=9.17,
    from_cache=False,
    decode_s=4.0,
    prefill_tps=2000.4,
    decode_tps=52.5,
    peak_memory_bytes=5 * 1024**3,
    finish_reason="stop",
)


def test_whole_document_in_three_lines():
    assert WHOLE.lines() == [
        "read 18,342 of 18,342 tokens (52 pages)",
        "vicuna-7b-16k (32,768-token window, PI ×8, nf4, cuda); free answer, complete",
        "load 3.0 s, read 9.2 s (2,000 tok/s), answer 4.0 s (52 tok/s), peak 5.0 GiB",
    ]


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (
            {"extent": Extent("page", 52, ((3, 20), (25, 25)))},
            "read 18,342 of 18,342 tokens (pages 3-20 and 25 of 52)",
        ),
        ({"extent": Extent("page", 1, ((1, 1),))}, "read 18,342 of 18,342 tokens (1 page)"),
        ({"extent": Extent("line", 400, ((1, 400),))}, "read 18,342 of 18,342 tokens"),
    ],
)
def test_what_was_read(change, read):
    assert replace(WHOLE, **change).lines()[0] == read
    assert replace(WHOLE, **change).cautions() == []


CUT = replace(
    WHOLE,
    tokens_read=32765,
    tokens_total=183486,
    truncate="middle",
    extent=Extent("page", 192, ((1, 17), (176, 192)), (17,), ((18, 175),)),
)


def test_truncated_document_names_its_missing_pages():
    """The receipt said `192 pages, MIDDLE LEFT OUT` of a document of which 35 were read."""
    assert CUT.lines()[0] == (
        "read 32,765 of 183,486 tokens (pages 1-17 and 176-192 of 192; "
        "pages 18-175 and part of page 17 LEFT OUT)"
    )
    assert CUT.cautions() == [
        "pages 18-175 and part of page 17 of 192 LEFT OUT (‹truncate› middle): "
        "150,721 of 183,486 tokens are not read"
    ]
    assert "LEFT OUT" not in "\n".join(WHOLE.lines())


def test_json_says_what_was_really_read():
    found = json.loads(json.dumps(CUT.as_dict()))
    assert found["truncated"] is True
    assert found["truncate"] == "middle"
    assert found["tokens_left_out"] == 150_721
    assert (found["pages_read"], found["pages_total"]) == (34, 192)
    assert found["extent"]["read"] == [[1, 17], [176, 192]]
    assert found["extent"]["left_out"] == [[18, 175]]
    assert found["left_out"] == "pages 18-175 and part of page 17"
    whole = WHOLE.as_dict()
    assert whole["truncated"] is False
    assert (whole["tokens_left_out"], whole["left_out"]) == (0, None)


def test_white_space_alone_left_out_is_called_so():
    cut = replace(WHOLE, truncate="tail", tokens_read=18341)
    assert "(52 pages; white space LEFT OUT)" in cut.lines()[0]


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("stop", "complete"),
        ("words", "complete"),
        ("exhausted", "no further sentence"),
        ("length", "CUT OFF"),
        ("loop", "STOPPED"),
        ("interrupted", "INTERRUPTED"),
        ("something new", "something new"),
    ],
)
def test_how_the_answer_ended(reason, says):
    line = replace(WHOLE, finish_reason=reason).lines()[1]
    assert says in line
    assert ("complete" in line) == (reason in ("stop", "words"))


def test_cut_off_answer_names_the_setting():
    assert "‹max_new_tokens›" in replace(WHOLE, finish_reason="length").lines()[1]


def test_every_reason_the_engine_gives_is_put_into_words():
    from typing import get_args

    from longsum.engine.decode import FinishReason
    from longsum.receipt import FINISH

    assert set(get_args(FinishReason)) <= set(FINISH)


@pytest.mark.parametrize(
    ("rope", "factor", "says"),
    [("PI", 16.0, ", PI ×16,"), ("PI", 2.5, ", PI ×2.5,"), ("yarn", 16.0, ", yarn ×16,")],
)
def test_factor_of_the_window(rope, factor, says):
    assert says in replace(WHOLE, rope=rope, factor=factor).lines()[1]
    unscaled = replace(WHOLE, rope="default", factor=1.0).lines()[1]
    assert "(32,768-token window, nf4, cuda)" in unscaled


def test_unquantized_weights_show_their_dtype():
    assert "window, PI ×8, bfloat16, cuda)" in replace(WHOLE, quantize="none").lines()[1]


def test_unknown_peak_is_left_out():
    assert "peak" not in replace(WHOLE, peak_memory_bytes=0).lines()[2]


def test_json_holds_every_field():
    data = json.loads(json.dumps(WHOLE.as_dict()))
    assert {field.name for field in fields(Receipt)} <= set(data)


@pytest.mark.parametrize("kv_cache", ["int8", "int4"])
def test_quantized_cache_is_named(kv_cache):
    assert f", nf4, {kv_cache} cache, cuda)" in replace(WHOLE, kv_cache=kv_cache).lines()[1]


def test_native_cache_is_not_mentioned():
    for kv_cache in ("bf16", "fp16", "fp32"):
        assert replace(WHOLE, kv_cache=kv_cache).lines() == WHOLE.lines()


def test_document_from_the_cache_was_read_before():
    lines = replace(WHOLE, from_cache=True, prefill_s=0.31, prefill_tps=0.0).lines()
    assert lines[0] == WHOLE.lines()[0]  # every token is in the answer all the same
    assert "already read (from cache, 0.3 s)" in lines[2]
    assert "(0 tok/s)" not in lines[2]


# ---- documents read in parts

HALF = replace(WHOLE, tokens_read=9000, tokens_total=9000, load_s=0.0, prefill_s=4.0)
READ_IN_TWO = (
    ReadPart("pages 1-26", "page", 1, 26, 9342),
    ReadPart("pages 27-52", "page", 27, 52, 9000),
)


def test_receipt_of_parts_counts_them_and_adds_up_times():
    first = replace(HALF, load_s=3.0, tokens_read=9342, peak_memory_bytes=6 * 1024**3)
    overall = replace(HALF, tokens_read=300, prefill_s=0.5, answer_tokens=40, sentences=3)
    receipt = joined([first, HALF], READ_IN_TWO, WHOLE.extent, [overall])
    assert receipt.lines() == [
        "read 18,342 of 18,342 tokens in 2 parts (52 pages)",
        "vicuna-7b-16k (32,768-token window, PI ×8, nf4, cuda); free answer, complete; "
        "0 of 3 sentences found in the document",
        "load 3.0 s, read 8.5 s (2,293 tok/s), answer 12.0 s (38 tok/s), peak 6.0 GiB",
    ]
    assert receipt.truncated is False
    assert receipt.answer_tokens == 460
    found = json.loads(json.dumps(receipt.as_dict()))
    assert found["parts"][1] == {
        "where": "pages 27-52", "unit": "page", "first": 27, "last": 52, "tokens": 9000,
    }  # fmt: skip
    assert found["tokens_left_out"] == 0


def test_parts_are_from_the_cache_only_if_all_are():
    cached = replace(HALF, from_cache=True, prefill_s=0.25, prefill_tps=0.0)
    all_cached = joined([cached, cached], READ_IN_TWO, WHOLE.extent)
    assert "already read (from cache, 0.5 s)" in all_cached.lines()[2]
    one_read = joined([cached, HALF], READ_IN_TWO, WHOLE.extent)
    assert one_read.from_cache is False
    assert one_read.prefill_tps == 9000 / 4.0


@pytest.mark.parametrize("reason", ["length", "loop", "interrupted"])
def test_one_incomplete_part_makes_the_answer_incomplete(reason):
    cut = replace(HALF, finish_reason=reason)
    assert joined([HALF, cut], READ_IN_TWO, WHOLE.extent, [HALF]).finish_reason == reason
    assert joined([HALF, HALF], READ_IN_TWO, WHOLE.extent).finish_reason == "stop"
