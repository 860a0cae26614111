"""A further format of the key-value cache is a row of the table and a codec, and nothing else."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from tiny import tiny_llama

from longsum.checkpoint.kv_format import KV_FORMATS, KVFormat, bytes_of_kv_cache
from longsum.config import DecodeConfig, KVCache
from longsum.engine import kernels
from longsum.engine.engine import Engine
from longsum.engine.kvquant import CODECS, Codec, Take, codec_of
from longsum.engine.prefill import Reader
from longsum.engine.quantized import QuantizedLayer, Workspace

PROMPT = torch.randint(2, 300, (75,), generator=torch.Generator().manual_seed(1)).tolist()
MAX_E4M3 = 448.0
FP8 = cast("KVCache", "fp8")  # a name that the settings do not know


def pack_e4m3(values: torch.Tensor, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return 8-bit floating-point codes as bytes, and their scales."""
    blocks = values.reshape(*values.shape[:-1], -1, block).float()
    scale = (blocks.abs().amax(-1) / MAX_E4M3).clamp(torch.finfo(torch.float16).tiny).half()
    codes = (blocks / scale.float().unsqueeze(-1)).clamp(-MAX_E4M3, MAX_E4M3)
    return codes.to(torch.float8_e4m3fn).view(torch.int8).flatten(-2), scale


def unpack_e4m3(held: torch.Tensor, take: Take) -> torch.Tensor:
    """Return the codes that bytes stand for."""
    return held.view(torch.float8_e4m3fn)


def add(monkeypatch: pytest.MonkeyPatch, **properties: Any) -> KVFormat:
    """Add a format of 8-bit floating-point numbers to the table."""
    row = KVFormat(FP8, bits=8, loss=0.002, is_float=True, **properties)
    monkeypatch.setitem(KV_FORMATS, FP8, row)
    monkeypatch.setitem(CODECS, (8, True), Codec(pack_e4m3, unpack_e4m3))
    return row


@pytest.mark.parametrize(
    "properties",
    [{}, {"is_rotated": True}, {"is_centred": True}, {"max_block": 8}],
    ids=["plain", "rotated", "centred", "small blocks"],
)
def test_added_format_reads_and_answers_near_the_native_cache(
    monkeypatch: pytest.MonkeyPatch, properties: dict[str, Any]
) -> None:
    add(monkeypatch, **properties)
    model = tiny_llama()
    exact, ours = Reader(model, 96, 20), Reader(model, 96, 20, FP8)
    assert {type(layer) for layer in ours.cache.held} == {QuantizedLayer}
    expected, found = exact.read(PROMPT), ours.read(PROMPT)
    assert ours.cache.nbytes == bytes_of_kv_cache(model.config.shape, 96, FP8)
    assert 0 < float((found - expected).norm() / expected.norm()) < 0.35
    engine = Engine(model, capacity=96, chunk_tokens=32, kv_cache=FP8)
    engine.read(PROMPT)
    written = list(engine.write([5, 6], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    held = {name: each.clone() for name, each in engine.tensors(len(PROMPT)).items()}
    restored = Engine(model, capacity=96, chunk_tokens=32, kv_cache=FP8)
    restored.restore(PROMPT, lambda views: [view.copy_(held[n]) for n, view in views.items()])
    again = list(restored.write([5, 6], DecodeConfig(), max_new_tokens=9, stop_ids=()))
    assert again == written
    assert len(written) == 9


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_added_format_is_read_alike_by_every_attention(
    monkeypatch: pytest.MonkeyPatch, attention: Any
) -> None:
    add(monkeypatch)
    two = [Reader(tiny_llama(attention=each), 80, 20, FP8) for each in ("auto", attention)]
    torch.testing.assert_close(*(reader.read(PROMPT) for reader in two), rtol=1e-2, atol=2e-2)


def test_format_without_a_codec_is_refused_and_never_taken_for_another() -> None:
    for row in (KVFormat("int2", bits=2, loss=0.1), KVFormat("fp8", 8, 0.1, is_float=True)):
        with pytest.raises(LookupError, match=row.name):
            codec_of(row)
        with pytest.raises(LookupError, match=row.name):
            QuantizedLayer(9, row, Workspace())
    with pytest.raises(KeyError):
        Reader(tiny_llama(), 9, 9, cast("KVCache", "int2"))


def test_kernels_leave_formats_that_they_do_not_know_to_torch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels, "KERNEL_DEVICES", {"cpu"})
    monkeypatch.setattr(kernels, "_has_triton", lambda: True)
    monkeypatch.setattr(kernels, "_failures", [])
    rows = {
        **dict.fromkeys(KV_FORMATS, True),
        add(monkeypatch).name: False,
        "rotated": False,
        "not centred": False,
    }
    made = [
        *KV_FORMATS.values(),
        KVFormat("rotated", bits=8, loss=0, is_rotated=True),
        KVFormat("not centred", bits=4, loss=0, is_rotated=True),
    ]
    for row in made:
        layer = QuantizedLayer(9, row, Workspace())
        layer.allocate(1, 1, 32, torch.float32, torch.device("cpu"))
        assert kernels.takes_layer(layer) is rows[row.name], row
