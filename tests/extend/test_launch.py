"""Two processes on this CPU, started by accelerate, against one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from helpers import environment
from safetensors.torch import load_file
from tiny import save_checkpoint

LAUNCH = (
    *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2),
    *("--num_machines", 1, "--mixed_precision", "no", "--dynamo_backend", "no"),
    *("--main_process_port", 0),
)
"""accelerate starts several processes by torchrun only for `--multi_gpu`; its variable brings them
to the CPU."""

SHARDED = """
import os
from accelerate.state import PartialState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from longsum.extend import train

Accelerator = train.Accelerator

def sharded(**options):
    # accelerate shards on GPUs only; torch does on a CPU as well
    made = Accelerator(**options)
    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2, cpu_ram_efficient_loading=False, auto_wrap_policy="transformer_based_wrap",
        reshard_after_forward=True,
    )
    os.environ["ACCELERATE_USE_FSDP"] = "true"
    made.state.distributed_type = DistributedType.FSDP
    made.state.fsdp_plugin = plugin
    PartialState._shared_state["distributed_type"] = DistributedType.FSDP
    return made

train.Accelerator = sharded
from longsum.cli import main
main()
"""


def launch(script, *arguments):
    """Run a script in two processes."""
    command = [str(part) for part in (*LAUNCH, *script, *arguments)]
    done = subprocess.run(
        command,
        env=environment(ACCELERATE_USE_CPU="true"),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def options(base, text, output):
    """Return the command line of the run that `extended` makes."""
    return (
        *("extend", base, "--context", 128, "--data", text, "--output", output, "--steps", 6),
        *("--learning-rate", 1e-3, "--warmup-steps", 2, "--batch", 4, "--save-every", 4),
        *("--dtype", "float32", "--device", "cpu"),
    )


def check(one, folder, processes=2):
    """Compare with the run of one process."""
    account = json.loads((folder / "training.json").read_text())
    assert account["processes"] == processes
    assert account["losses"] == pytest.approx(one.losses, rel=1e-5)
    assert account["validation"]["after"]["extended"] == pytest.approx(one.after.extended, rel=1e-5)
    expected = load_file(one.output / "model.safetensors")
    found = load_file(folder / "model.safetensors")
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_two_processes_give_the_losses_of_one(extended, base, text, tmp_path):
    one = extended(batch=4)
    done = launch(("-m", "longsum"), *options(base, text, tmp_path / "two"), "--json")
    assert json.loads(done.stdout)["steps"] == 6  # printed once
    check(one, tmp_path / "two")


@pytest.mark.slow
def test_two_processes_that_share_the_weights_give_the_losses_of_one(extended, text, tmp_path):
    base = save_checkpoint(tmp_path / "tied", max_position_embeddings=64, tie_word_embeddings=True)
    one = extended(model=base, batch=4, output=tmp_path / "one")
    script = tmp_path / "sharded.py"
    script.write_text(SHARDED)
    launch((script,), *options(base, text, tmp_path / "two"))
    check(one, tmp_path / "two")
