"""The options that commands share, and the settings made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longsum import config
from longsum.cli.libraries import let_speak

READING = "Reading"
MODEL = "Model"
ANSWER = "Answer"
OUTPUT = "Output"


File = Annotated[str, typer.Argument(metavar="FILE", help="A PDF or text file, or - for stdin.")]

Pages = Annotated[
    str | None,
    typer.Option(
        "--pages", metavar="RANGES", help="Only these pages: 3-20,25.", rich_help_panel=READING
    ),
]
PageLabels = Annotated[
    bool,
    typer.Option(
        "--page-labels",
        help="Show the printed page beside the file's: p. 9 (printed 1).",
        rich_help_panel=READING,
    ),
]
Password = Annotated[
    str | None,
    typer.Option(
        "--password", metavar="TEXT", help="Open an encrypted PDF.", rich_help_panel=READING
    ),
]
Truncate = Annotated[
    config.Truncate | None,
    typer.Option(
        "--truncate",
        help="Leave out this part if the document is too long; without it, it is refused.",
        rich_help_panel=READING,
    ),
]

ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        rich_help_panel=MODEL,
        help="mini, an alias of `longsum models list`, a folder, a GGUF file, or a Hugging Face id "
        "(owner/name, or owner/name:Q4_K_M of several GGUF files).",
    ),
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="TOKENS",
        rich_help_panel=MODEL,
        help="Window, such as 16k; by default the one the weights were tuned for.",
    ),
]
ForceContext = Annotated[
    bool,
    typer.Option(
        "--force-context",
        rich_help_panel=MODEL,
        help="Use a window the weights were not tuned for. Expect nonsense.",
    ),
]
Quantize = Annotated[
    config.Quantize,
    typer.Option("--quantize", help="How the weights are held.", rich_help_panel=MODEL),
]
KVCache = Annotated[
    config.AskedKVCache,
    typer.Option(
        "--kv-cache",
        rich_help_panel=MODEL,
        help="How keys and values are held: native is the compute dtype and loses nothing, int8 "
        "takes half the memory of 16 bits, int4 a quarter. auto takes the first that fits.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device", metavar="DEVICE", help="auto, cuda, mps or cpu.", rich_help_panel=MODEL
    ),
]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="DTYPE",
        rich_help_panel=MODEL,
        help="auto, bfloat16, float16 or float32.",
    ),
]
Attention = Annotated[
    config.Attention,
    typer.Option(
        "--attention", help="auto is longsum's own, exact and in chunks.", rich_help_panel=MODEL
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="BYTES",
        rich_help_panel=MODEL,
        help="Plan for this much memory, such as 12GiB, instead of what is free.",
    ),
]
Revision = Annotated[
    str | None,
    typer.Option(
        "--revision",
        metavar="NAME",
        help="Commit or branch of a Hugging Face model.",
        rich_help_panel=MODEL,
    ),
]
Offline = Annotated[
    bool,
    typer.Option("--offline", help="Never use the network.", rich_help_panel=MODEL),
]
Download = Annotated[
    bool,
    typer.Option("--download", help="Fetch the model if it is not here.", rich_help_panel=MODEL),
]

NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        rich_help_panel=READING,
        help="Read the document again, and keep nothing of it for later questions.",
    ),
]
CacheSize = Annotated[
    str | None,
    typer.Option(
        "--cache-size",
        metavar="BYTES",
        rich_help_panel=READING,
        help="Keep at most this much of documents that took over two seconds to read, such as "
        "20GiB; by default 5GiB. Least recently used entries are removed first; 0 keeps nothing.",
    ),
]

Verbatim = Annotated[
    bool | None,
    typer.Option(
        "--verbatim/--free",
        rich_help_panel=ANSWER,
        show_default=False,
        help="Only sentences of the document, or the model's own words. "
        "By default verbatim for mini, free for larger models.",
    ),
]
Language = Annotated[
    str,
    typer.Option(
        "--language",
        metavar="LANGUAGE",
        rich_help_panel=ANSWER,
        help="Language of the answer, such as de or fr; auto is the document's.",
    ),
]
PromptFile = Annotated[
    Path | None,
    typer.Option(
        "--prompt", metavar="FILE", help="A Jinja2 template of your own.", rich_help_panel=ANSWER
    ),
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option(
        "--max-new-tokens",
        metavar="N",
        min=1,
        rich_help_panel=ANSWER,
        help="Maximum tokens per answer (default: derived from --length).",
    ),
]
Temperature = Annotated[
    float,
    typer.Option(
        "--temperature",
        metavar="NUMBER",
        min=0.0,
        max=5.0,
        rich_help_panel=ANSWER,
        help="0 gives the same answer each time.",
    ),
]
TopP = Annotated[
    float,
    typer.Option(
        "--top-p",
        metavar="NUMBER",
        help="Keep the most likely tokens up to this probability.",
        rich_help_panel=ANSWER,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed", metavar="N", min=0, help="Random seed for sampling.", rich_help_panel=ANSWER
    ),
]
Lookup = Annotated[
    bool,
    typer.Option(
        "--lookup/--no-lookup",
        rich_help_panel=ANSWER,
        help="Guess what a free answer copies from the document and check several tokens at once: "
        "faster, the same tokens. Guessing stops where it does not pay.",
    ),
]

AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        rich_help_panel=OUTPUT,
        help="Print text, sentences with their places, and the receipt as JSON.",
    ),
]
PlainJson = Annotated[
    bool, typer.Option("--json", help="Print it as JSON.", rich_help_panel=OUTPUT)
]
OutputFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to a file instead of stdout.",
        rich_help_panel=OUTPUT,
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", "-f", help="Overwrite the output file.", rich_help_panel=OUTPUT),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Only the answer, warnings and errors.", rich_help_panel=OUTPUT
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Say what was chosen, and why.",
        rich_help_panel=OUTPUT,
        callback=let_speak,
    ),
]
