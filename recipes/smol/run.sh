#!/usr/bin/env bash
# The whole recipe of smol in one visit to a GPU, about five minutes on an H100 (estimated, not yet run):
#   recipes/smol/run.sh BASE.gguf SHARDS OUT
# BASE.gguf is smol's file, SHARDS what recipes.smol.shards wrote.
# OUT gets adapters and measurements as smol.tar.00, .01, …, pieces of 15.5 MB.
# Seconds of the parts: PRECISE (skipped positions) 125, LONG (whole rows) 65, COMPARE 95.
set -uo pipefail
base=$1 shards=$2 out=$3
work=$(mktemp -d)
export PYTHONUNBUFFERED=1 PYTHONPATH=$PWD:${PYTHONPATH:-} TOKENIZERS_PARALLELISM=false
mkdir -p "$out"
files=(--base "$base" --shards "$shards")

# direct fine-tuning beside Position Interpolation: the same rows, fewer steps
timeout 150 python3 -m recipes.smol.window "${files[@]}" --out "$work/direct" --method direct \
  --short 150 4096 8 8 --long 0 32768 --seconds 60 1 >"$work/direct.log" 2>&1 &
timeout 300 python3 -m recipes.smol.window "${files[@]}" --out "$work/pi" \
  --short 700 4096 8 8 --long 110 32768 --seconds "${PRECISE:-125}" "${LONG:-65}" 2>&1 |
  tee "$work/pi.log" | grep -v '"loss"' | cut -c1-330
wait
tail -n 2 "$work/direct.log" | cut -c1-330
adapter=$work/pi/final
[ -d "$adapter" ] || adapter=$work/pi/short
echo "== trained after $SECONDS s"

timeout 130 python3 -m recipes.smol.compare "${files[@]}" --out "$work/compare" --trials 3 \
  --adapters "pi=$adapter" "direct=$work/direct/short" --seconds "${COMPARE:-95}" \
  >"$work/compare.log" 2>&1
tail -n 30 "$work/compare.log" | cut -c1-250
echo "== compared after $SECONDS s"
cd "$work" && tar cf - pi direct/log.jsonl ./*.log compare --exclude state.safetensors |
  split -b 15500000 -d - "$out/smol.tar."
