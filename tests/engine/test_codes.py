"""Products with codes are those with the weights, as precise as in bfloat16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from packed_rows import COLUMNS, stored

from longsum.checkpoint.gguf import GgufTensor
from longsum.checkpoint.gguf_codes import GROUP, Codes, read_codes
from longsum.checkpoint.gguf_weights import read_tensor
from longsum.engine import codes
from longsum.engine.codes import MAX_TOKENS, CodeMatrix, CodeSwitch, packed, takes_codes
from longsum.engine.modules import Linear

KINDS = ["Q4_0", "Q4_1", "Q4_K", "Q8_0"]


def several(folder: Path, kind: str, copies: int) -> list[GgufTensor]:
    """Return matrices of 24 rows each."""
    found = []
    for number in range(copies):
        (folder / str(number)).mkdir()
        found.append(stored(folder / str(number), kind))
    return found


def error_of(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the mean error in units of the mean value."""
    return float((found.double() - exact).abs().mean() / exact.abs().mean())


@pytest.mark.parametrize("tokens", [1, 3, MAX_TOKENS])
@pytest.mark.parametrize("kind", KINDS)
def test_products_are_as_precise_as_those_of_bfloat16(
    tmp_path: Path, kind: str, tokens: int
) -> None:
    tensors = several(tmp_path, kind, 4)  # 96 rows: a multiple of the kernel's
    matrix = CodeMatrix(CodeSwitch(), *(lambda each=each: read_codes(each) for each in tensors))
    weights = torch.cat([read_tensor(each, torch.float32) for each in tensors])
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, tokens, COLUMNS, generator=generator).bfloat16()
    exact = x.double() @ weights.double().T
    found = matrix(x)
    assert found.shape == exact.shape
    assert found.dtype == torch.bfloat16
    rounded = x @ weights.bfloat16().T
    assert error_of(found, exact) < max(0.005, 2 * error_of(rounded, exact))


def test_states_need_not_be_in_one_piece(tmp_path: Path) -> None:
    tensors = several(tmp_path, "Q4_1", 4)
    matrix = CodeMatrix(CodeSwitch(), *(lambda each=each: read_codes(each) for each in tensors))
    wide = torch.randn(1, 3, 2 * COLUMNS).bfloat16()
    part = wide[..., :COLUMNS]
    assert torch.equal(matrix(part), matrix(part.contiguous()))


def test_codes_are_read_once_and_only_when_they_are_used() -> None:
    calls = []

    def read() -> Codes:
        calls.append(1)
        ones = np.ones((32, 1), np.float32)
        return Codes(np.full((32, GROUP), 9, np.uint8), ones, -8 * ones)

    matrix = CodeMatrix(CodeSwitch(), read)
    assert not calls
    x = torch.ones(1, 1, GROUP).bfloat16()
    for _ in range(2):
        assert torch.equal(matrix(x), torch.full((1, 1, 32), float(GROUP)).bfloat16())
    assert len(calls) == 1


@pytest.mark.parametrize("at_once", [64, 128, 1024])
def test_codes_are_laid_out_the_same_in_parts(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = np.random.default_rng(0)
    matrix = Codes(
        chance.integers(0, 16, (320, 64), dtype=np.uint8),
        chance.standard_normal((320, 2), dtype=np.float32),
        chance.standard_normal((320, 2), dtype=np.float32),
    )
    monkeypatch.setattr(codes, "ROWS_AT_ONCE", 1 << 20)
    whole = packed(matrix)
    monkeypatch.setattr(codes, "ROWS_AT_ONCE", at_once)
    for mine, theirs in zip(packed(matrix), whole, strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(("rows", "dtype", "taken"), [
    (96, torch.bfloat16, True),
    (100, torch.bfloat16, False),
    (96, torch.float32, False),
])  # fmt: skip
def test_only_bfloat16_and_whole_blocks_of_rows_are_taken(
    rows: int, dtype: torch.dtype, taken: bool
) -> None:
    assert takes_codes(torch.zeros(rows, GROUP, dtype=dtype)) is taken


def test_a_layer_takes_its_codes_for_few_tokens_while_they_are_switched_on() -> None:
    layer = Linear(GROUP, 32, bias=False)
    layer.weight = torch.nn.Parameter(torch.zeros(32, GROUP).bfloat16())
    ones, switch = np.ones((32, 1), np.float32), CodeSwitch()
    nines = Codes(np.full((32, GROUP), 9, np.uint8), ones, -8 * ones)
    layer.codes = CodeMatrix(switch, lambda: nines)
    few = torch.ones(1, MAX_TOKENS, GROUP).bfloat16()
    many = torch.ones(1, MAX_TOKENS + 1, GROUP).bfloat16()
    with switch.turned_on():
        assert layer(few).eq(GROUP).all()
        assert layer(many).eq(0).all()
        with switch.turned_on():
            pass
        assert layer(few).eq(GROUP).all()
    assert layer(few).eq(0).all()


def test_a_failure_switches_codes_off() -> None:
    switch = CodeSwitch()
    with pytest.raises(KeyError), switch.turned_on():
        raise KeyError
    assert not switch.is_on
