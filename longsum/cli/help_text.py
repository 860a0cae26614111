"""The help of every command: its docstring, and examples after the first sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

HELP = """\
Summarize and question a whole long document with a language model on this computer.

Summaries and answers give the page of every statement. Nothing is chunked, nothing is cut
silently, nothing leaves the machine.

\b
longsum summarize report.pdf
longsum ask book.txt "Who wrote the letter?"
longsum batch reports/ -o summaries/
"""

EXAMPLES = {
    "summarize": """\
longsum summarize report.pdf
longsum summarize report.pdf --length short --style bullets
longsum summarize book.txt --parts --focus "the trial" -o book.md""",
    "ask": """\
longsum ask book.txt "Who wrote the letter?"
longsum ask report.pdf --pages 10-40
echo "When was it decided?" | longsum ask case.pdf --json""",
    "window": """\
longsum window
longsum window report.pdf
longsum window report.pdf --app --model smol""",
    "batch": """\
longsum batch reports/ -o summaries/ --recursive
longsum batch reports/ -o answers/ --question "Who paid?"
longsum batch a.pdf b.pdf -o summaries/""",
    "batch merge": """\
longsum batch merge summaries/
longsum batch merge summaries/ --json
longsum batch merge summaries/ node1/ node2/""",
    "plan": """\
longsum plan report.pdf
longsum plan report.pdf --model llama-3.1-8b
longsum plan --model llama-3.1-8b --device cuda --memory 24GiB""",
    "bench": """\
longsum bench
longsum bench smol --tokens 4k
longsum bench llama-3.1-8b --quantize nf4 -o bench.json""",
    "cache list": """\
longsum cache list
longsum cache list --only document
longsum cache list --json""",
    "cache clear": """\
longsum cache clear 3f9a
longsum cache clear --only model
longsum cache clear --yes""",
    "extend": """\
longsum extend BASE --context 32k --data books/ --output base-32k --dry-run
longsum extend BASE --context 32k --data books/ --output base-32k
longsum extend BASE --context 16k --data books/ --output base-16k --method lora""",
    "export": """\
longsum export base-32k --gguf base-32k.gguf
longsum export base-32k --gguf base-32k.gguf --type q8_0
longsum export smol --gguf smol-16k.gguf --context 16k""",
    "evaluate perplexity": """\
longsum evaluate perplexity base-32k --data held-out/
longsum evaluate perplexity BASE base-32k --data held-out/ --plot perplexity.png
longsum evaluate perplexity base-32k --data held-out/ --window 8k --window 32k""",
    "evaluate passkey": """\
longsum evaluate passkey base-32k
longsum evaluate passkey BASE base-32k --plot passkey.png
longsum evaluate passkey base-32k --length 32k --trials 3""",
    "evaluate summaries": """\
longsum evaluate summaries mini --data test.jsonl
longsum evaluate summaries mini smol --data test.jsonl -o scores.json
longsum evaluate summaries base-32k --data test.jsonl --zero-shot-prompt paper""",
    "evaluate answers": """\
longsum evaluate answers mini --data questions.jsonl
longsum evaluate answers mini smol --data questions.jsonl -o answers.json
longsum evaluate answers llama-3.1-8b --data questions.jsonl --limit 100 --wrong-documents 2""",
    "evaluate short": """\
longsum evaluate short BASE base-32k --data questions.jsonl
longsum evaluate short mini --data books/ --make-cloze 500
longsum evaluate short BASE --data questions.jsonl --limit 200 -o short.json""",
    "evaluate speed": """\
longsum evaluate speed mini
longsum evaluate speed mini smol --length 4k --length 8k
longsum evaluate speed llama-3.1-8b --kv-cache int8 -o speed.json""",
    "models list": """\
longsum models list
longsum models list --json""",
    "models show": """\
longsum models show mini
longsum models show llama-3.1-8b --offline
longsum models show model.gguf --json""",
    "models pull": """\
longsum models pull smol
longsum models pull owner/name:Q4_K_M
longsum models pull llama-3.1-8b --yes""",
    "models remove": """\
longsum models remove smol
longsum models remove owner/name --yes""",
    "models use": """\
longsum models use smol
longsum models use ./base-32k
longsum models use mini""",
}
"""Up to three examples per command, shown after the first sentence of its help."""


def help_text(command: Callable[..., Any], name: str) -> str:
    """Return a command's help: its docstring with each paragraph on one line, and its examples."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    first, *rest = [" ".join(paragraph.split()) for paragraph in paragraphs]
    return "\n\n".join([first, f"\b\n{EXAMPLES[name]}", *rest])
