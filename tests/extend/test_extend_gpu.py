"""What only a CUDA device can show."""

from __future__ import annotations

import pytest
import torch
from tiny import save_checkpoint

from longsum.config import LoadConfig
from longsum.extend.config import ExtendConfig
from longsum.extend.train import extend

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_training_on_the_gpu_lowers_the_loss_and_saves_what_was_trained(tmp_path, text, method):
    """The validation is the trained model's, the second run's base is the saved one."""
    base = save_checkpoint(tmp_path / "base", max_position_embeddings=64)
    load = LoadConfig(model=str(base), context=128, device="cuda", offline=True)
    config = ExtendConfig(steps=30, learning_rate=2e-3, batch=2, method=method, dtype="float32")
    result = extend(load, [text], tmp_path / "out", config)
    assert result.after.extended < result.before.extended - 0.1
    again = LoadConfig(model=str(tmp_path / "out"), context=128, device="cuda", offline=True)
    saved = extend(again, [text], tmp_path / "again", ExtendConfig(steps=1, dtype="float32"))
    assert saved.before.extended == pytest.approx(result.after.extended, rel=1e-3)
