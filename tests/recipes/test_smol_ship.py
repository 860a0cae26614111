"""A shipped adapter is found by the file it was trained on, and close to what was trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from adapters import write_adapter
from ggufs import write_gguf
from tiny import tiny_model

from longsum.checkpoint import adapters as shipped_adapters
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.gguf_folder import unpacked
from recipes.smol.ship import ship


def test_packed_adapter_widens_its_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", tiny_model())
    base = open_checkpoint(unpacked(file, tmp_path / "cache"))
    products = write_adapter(tmp_path / "trained", base, 1024)
    config = tmp_path / "trained" / "adapter_config.json"
    stated = json.loads(config.read_text())
    del stated["longsum"]
    config.write_text(json.dumps(stated | {"window": 1024, "factor": 4.0}))
    error = ship(tmp_path / "trained", file, tmp_path / "shipped")
    assert 0 < error < 0.02
    monkeypatch.setattr(shipped_adapters, "SHIPPED", (tmp_path / "shipped",))
    wide = base.widened()
    assert wide is not None
    assert wide.rope.window == 1024
    stored, found = base.tensors(torch.float32), wide.tensors(torch.float32)
    for name, product in products.items():
        torch.testing.assert_close(found[name][...] - stored[name][...], product, rtol=0, atol=0.02)
