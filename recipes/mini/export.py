"""Write the bundled model: int8 weights, configuration, tokenizer.

python -m recipes.mini.export --work runs/mini --stage tune --output longsum/mini

The card beside them is kept by hand.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerFast

from longsum.model.mini import pack, unpack
from recipes.mini.extend import extended_config
from recipes.mini.loop import NATIVE_WINDOW
from recipes.mini.tokenizer import SPECIAL_TOKENS, VOCAB_SIZE


def write_tokenizer(work: Path, output: Path) -> None:
    """Save the tokenizer in the form `AutoTokenizer` reads."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(work / "tokenizer.json"),
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
        additional_special_tokens=SPECIAL_TOKENS[2:],
    )
    tokenizer.save_pretrained(output)


def write_config(output: Path) -> None:
    """Save the configuration, with the native window beside the extended one."""
    config = extended_config(VOCAB_SIZE)
    config.architectures = ["LlamaForCausalLM"]
    settings = {**config.to_dict(), "original_max_position_embeddings": NATIVE_WINDOW}
    (output / "config.json").write_text(json.dumps(settings, indent=2) + "\n")


def main() -> None:
    """Export a stage's weights and report the largest error of the int8 rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/mini"))
    parser.add_argument("--stage", default="tune", help="pretrain, extend or tune")
    parser.add_argument("--output", type=Path, default=Path("longsum/mini"))
    arguments = parser.parse_args()
    weights = load_file(arguments.work / arguments.stage / "weights.safetensors")
    weights.pop("lm_head.weight", None)  # tied to the embeddings
    packed = pack(weights)
    back = unpack(packed, next(iter(weights.values())).dtype)
    error = max(((back[n] - w).norm() / w.norm()).item() for n, w in weights.items() if w.ndim == 2)
    arguments.output.mkdir(parents=True, exist_ok=True)
    save_file(packed, arguments.output / "model.safetensors", metadata={"format": "pt"})
    write_config(arguments.output)
    write_tokenizer(arguments.work, arguments.output)
    size = (arguments.output / "model.safetensors").stat().st_size
    print(f"{size:,} bytes; largest relative error of a matrix {error:.4f}")


if __name__ == "__main__":
    main()
