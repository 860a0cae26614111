"""One table of formats: what names, plans and prints them agrees with it."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

from longsum.checkpoint.kv_format import KV_FORMATS, is_quantized
from longsum.config import AskedKVCache, KVCache
from longsum.model.run_memory import KV_CACHES, WeightChoice


def test_settings_and_options_name_every_format_of_the_table() -> None:
    assert get_args(KVCache) == ("native", *KV_FORMATS) == KV_CACHES
    assert get_args(AskedKVCache) == ("auto", *get_args(KVCache))
    assert all(name == each.name and is_quantized(name) for name, each in KV_FORMATS.items())
    assert not is_quantized("bf16")


def test_formats_are_tried_from_the_least_lossy_on() -> None:
    losses = [each.loss for each in KV_FORMATS.values()]
    assert losses == sorted(losses)
    tried = [WeightChoice(weights, cache) for weights in ("none", "nf4") for cache in KV_CACHES]
    assert sorted(tried, key=lambda choice: choice.loss) == [
        *(("none", "native"), ("none", "int8"), ("nf4", "native")),
        *(("nf4", "int8"), ("none", "int4"), ("nf4", "int4")),
    ]


def test_table_needs_no_torch() -> None:
    code = "import sys, longsum.checkpoint.kv_format; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
