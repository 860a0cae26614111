from __future__ import annotations

import pytest
from tiny import save_checkpoint

from longsum.bytesize import GIB
from longsum.config import LoadConfig
from longsum.model.find import find_model
from longsum.model.hardware import other_machine


@pytest.mark.parametrize(
    ("exact", "asked", "dtype"),
    [(1, "auto", "float32"), (1, "bfloat16", "bfloat16"), (0, "auto", "bfloat16")],
)
def test_checkpoints_that_need_float32_get_it_unless_another_is_asked_for(
    tmp_path, exact, asked, dtype
):
    config = {"exact_kv_layers": exact} if exact else {}
    folder = save_checkpoint(tmp_path, config=config)
    gpu = other_machine("cuda", asked, 24 * GIB)
    machine = find_model(LoadConfig(model=str(folder), dtype=asked), gpu).machine
    assert machine.dtype == dtype
    assert ("as this checkpoint needs" in machine.reason) == (dtype == "float32")


def test_bundled_model_is_computed_in_float32_on_a_gpu_too():
    model = find_model(LoadConfig(model="mini"), other_machine("cuda", "auto", 24 * GIB))
    assert model.machine.dtype == "float32"
