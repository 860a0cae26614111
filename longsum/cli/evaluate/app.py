"""`longsum evaluate`: the commands that measure models."""

from __future__ import annotations

import typer

from longsum.cli.evaluate.answers import answers
from longsum.cli.evaluate.passkey import passkey
from longsum.cli.evaluate.perplexity import perplexity
from longsum.cli.evaluate.short import short
from longsum.cli.evaluate.speed import speed
from longsum.cli.evaluate.summaries import summaries

app = typer.Typer(
    no_args_is_help=True,
    help="Measure models as the Position Interpolation paper does (arXiv 2306.15595), and their "
    "answers.",
)

for command in (perplexity, passkey, summaries, answers, short, speed):
    app.command()(command)
