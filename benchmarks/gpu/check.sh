#!/usr/bin/env bash
# One visit to a GPU, from the repository's root: each part in a process of its own, none holds up
# the next. Findings go to $OUT/results.jsonl, what is printed to $OUT/<part>.log.
#   benchmarks/gpu/check.sh                               kernels, 7B, tests, 8B: 315 s at most, usually 240
#   benchmarks/gpu/check.sh train kernels                 parts by name
# Wheels in .whl/ that are missing from the environment (bitsandbytes, pytest) are used from there.
set -uo pipefail
export PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export LONGSUM_WEIGHTS_SIZE=0 PYTHONPATH=$PWD:${PYTHONPATH:-} OUT=${OUT:-/tmp}
if compgen -G ".whl/*.whl" >/dev/null; then
  site=$(mktemp -d)
  python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --target "$site" .whl/*.whl \
    && export PYTHONPATH=$PYTHONPATH:$site
fi

part() { # seconds at most, name, command
  local most=$1 name=$2 started=$SECONDS
  shift 2
  echo "== $name"
  timeout -k 5 "$most" "$@" 2>&1 | grep -v "Loading weights" | tee -a "$OUT/$name.log" | cut -c1-300
  local status=${PIPESTATUS[0]}
  echo "== $name: $((SECONDS - started)) s, exit status $status"
}

run() {
  case $1 in
    kernels) part 90 kernels python3 -m benchmarks.gpu kernels ;;
    llama-2-7b) part 90 llama-2-7b python3 -m benchmarks.gpu model llama-2-7b ;;
    tests) part 60 tests python3 -m pytest -p no:cacheprovider -o addopts="--import-mode=importlib" \
      -o filterwarnings=default -q -m gpu tests/engine/test_gpu*.py --durations=5 ;;
    llama-3.1-8b) part 75 llama-3.1-8b python3 -m benchmarks.gpu model llama-3.1-8b ;;
    train) part 90 train python3 -m benchmarks.gpu train ;;
    *) echo "no part $1" ;;
  esac
}

if command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=name,driver_version,memory.total,memory.used,clocks.sm --format=csv,noheader
fi
python3 -c "import torch, triton, transformers as t; print(torch.__version__, triton.__version__, t.__version__)"
python3 -c "import bitsandbytes; print('bitsandbytes', bitsandbytes.__version__)" 2>&1 | tail -1
if [ $# -eq 0 ]; then set -- kernels llama-2-7b tests llama-3.1-8b; fi
for name in "$@"; do run "$name"; done
echo "== out of bounds"
python3 -m benchmarks.gpu summary
