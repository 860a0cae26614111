"""The CPU's compute dtype, chosen by a measurement of this machine.

Flags do not tell: with avx512_bf16, bfloat16 multiplies twice as fast as float32 on one CPU and
more slowly on another. The measurement takes some hundredths of a second and is saved, so that
a busy moment later does not change the dtype, and with it the wording of answers.
"""

from __future__ import annotations

import contextlib
import json
import time

from longsum.environment import CPU_DTYPE, variable
from longsum.errors import OutputError, UsageError
from longsum.files import replacing
from longsum.paths import state_folder

MIN_GAIN = 1.25
"""How many times as fast bfloat16 must be; below that its rounding is not worth it."""
ROWS, WIDTH = 256, 1024
"""Shape of the measured product: a chunk of tokens and a small model's hidden states."""
ROUNDS = 4
CHOICES = ("bfloat16", "float32")


def cpu_dtype(name: str) -> tuple[str, str]:
    """Return the compute dtype of this machine's CPU, and the reason.

    Args:
        name: name of the CPU, to notice that a saved measurement is another machine's.

    Raises:
        UsageError: the environment names an unknown dtype.
    """
    if asked := variable(CPU_DTYPE):
        if asked not in CHOICES:
            raise UsageError(f"{CPU_DTYPE} is {asked!a}", hint=f"choose {' or '.join(CHOICES)}")
        return asked, f"{asked} because {CPU_DTYPE} says so"
    return faster_dtype(**_saved_or_measured(name))


def faster_dtype(bfloat16: float, float32: float) -> tuple[str, str]:
    """Return the dtype to compute in, and the reason.

    Args:
        bfloat16: its speed in GFLOP/s.
        float32: its speed in GFLOP/s.
    """
    measured = f"measured: {bfloat16:.0f} GFLOP/s, float32 {float32:.0f}"
    if bfloat16 >= MIN_GAIN * float32:
        return "bfloat16", f"bfloat16 because the CPU multiplies it faster ({measured})"
    return "float32", f"float32 because the CPU does not multiply bfloat16 faster ({measured})"


def measured_speeds() -> dict[str, float]:
    """Measure the speed of a matrix product in each dtype.

    The best of several alternating rounds is taken, as other work on the machine only slows a
    round down. A CPU that emulates bfloat16 is noticed in the first.

    Returns:
        GFLOP/s by dtype.
    """
    import torch

    seconds = dict.fromkeys(CHOICES, float("inf"))
    pairs = {
        name: (torch.ones(ROWS, WIDTH, dtype=dtype), torch.ones(WIDTH, WIDTH, dtype=dtype))
        for name in CHOICES
        if (dtype := getattr(torch, name))
    }
    for number in range(ROUNDS + 1):
        for name, (states, weight) in pairs.items():
            started = time.perf_counter()
            torch.nn.functional.linear(states, weight)
            taken = time.perf_counter() - started
            if number:  # the first round prepares the kernels
                seconds[name] = min(seconds[name], taken)
        if number and seconds["bfloat16"] > 3 * seconds["float32"]:
            break
    return {name: 2e-9 * ROWS * WIDTH * WIDTH / each for name, each in seconds.items()}


def _saved_or_measured(name: str) -> dict[str, float]:
    """Return the speeds an earlier run saved for this CPU, torch and threads, else measure them."""
    import torch

    path = state_folder() / "cpu-speed.json"
    key = f"{name}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        speeds = json.loads(path.read_text(encoding="utf-8"))[key]
        return {each: float(speeds[each]) for each in CHOICES}
    speeds = measured_speeds()
    with contextlib.suppress(OSError, OutputError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_text(json.dumps({key: speeds}), encoding="utf-8")
    return speeds
