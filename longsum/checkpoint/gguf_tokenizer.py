"""Write the tokenizer in a GGUF file as the files that Hugging Face's libraries read.

Two kinds are supported: byte-level BPE (`gpt2`), where `tokenizer.ggml.pre` names how text is split
before bytes are merged, and SentencePiece's BPE (`llama`), whose merges follow from the scores of
its tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longsum.errors import UnsupportedModel

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NORMAL, CONTROL, USER_DEFINED = 1, 3, 4
"""Values of `tokenizer.ggml.token_type`."""
GPT2_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEKKEN_SPLIT = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")
SPLITS: dict[str, tuple[str, ...]] = {
    "default": (GPT2_SPLIT,),
    "gpt-2": (GPT2_SPLIT,),
    "smollm": (r"\p{N}", GPT2_SPLIT),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3"), (LLAMA3_SPLIT,)),
    **dict.fromkeys(("smaug-bpe", "dbrx"), (LLAMA3_SPLIT,)),
    "tekken": (TEKKEN_SPLIT,),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen"), (QWEN2_SPLIT,)),
}
"""Patterns that split text before bytes are merged, applied in turn, by `tokenizer.ggml.pre`."""
WHOLE_FIRST = frozenset(("llama-bpe", "llama3", "llama-v3", "falcon3", "tekken"))
"""Splits whose tokenizers take a piece that is in the vocabulary without merging."""
COMPOSED = frozenset(("qwen2", "deepseek-r1-qwen"))
"""Splits whose tokenizers first compose letters and accents (NFC), as Hugging Face's do."""
LLAMA3_TOKENS = 128_256
"""Size of Llama 3's vocabulary, which identifies it in files older than `tokenizer.ggml.pre`."""
SPACE = "\u2581"
"""SentencePiece's character for a space."""

_PREFIX = "tokenizer.ggml."


def write_tokenizer(fields: Mapping[str, Any], rows: int, folder: Path) -> None:
    """Write the tokenizer of a GGUF file into a folder.

    Args:
        fields: fields of the file.
        rows: number of rows of the embeddings.
        folder: folder to write `tokenizer.json` and `tokenizer_config.json` to.

    Raises:
        UnsupportedModel: the file has no tokenizer, or an unsupported kind.
    """
    model = fields.get(f"{_PREFIX}model")
    if model not in ("gpt2", "llama"):
        none = model in (None, "none", "no_vocab")
        found = "no tokenizer" if none else f"a tokenizer of kind {str(model)[:40]!r}"
        raise UnsupportedModel(
            f"it has {found}", hint="longsum reads tokenizers of kind gpt2 and llama"
        )
    try:
        tokens, kinds = _vocabulary(fields)
        if len(tokens) > rows:
            raise ValueError(f"{len(tokens)} tokens, {rows} embeddings")
        build = _byte_level if model == "gpt2" else _sentencepiece
        tokenizer = build(fields, tokens, kinds)
        _add_special(tokenizer, tokens, kinds)
        tokenizer.save(str(folder / "tokenizer.json"))
    except (UnsupportedModel, OSError):
        raise
    except Exception as error:  # tokenizers raises nothing narrower
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnsupportedModel(
            f"its tokenizer is damaged: {reason}", hint="download the file again"
        ) from error
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    path = folder / "tokenizer_config.json"
    text = json.dumps(settings | _roles(fields, tokens), indent=1, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")


def _vocabulary(fields: Mapping[str, Any]) -> tuple[list[str], Sequence[int]]:
    """Return the tokens and the kind of each."""
    tokens = _strings(fields, "tokens")
    if not tokens:
        raise ValueError("it has no tokens")
    kinds = fields.get(f"{_PREFIX}token_type") or [NORMAL] * len(tokens)
    if len(kinds) != len(tokens):
        raise ValueError(f"{len(kinds)} kinds for {len(tokens)} tokens")
    return tokens, kinds


def _strings(fields: Mapping[str, Any], name: str) -> list[str]:
    """Return a field that is a list of strings; empty if it is missing."""
    found = fields.get(_PREFIX + name) or []
    if not isinstance(found, list) or (found and not isinstance(found[0], str)):
        raise ValueError(f"its {name} are not a list of strings")
    return found


def _byte_level(fields: Mapping[str, Any], tokens: list[str], _: Sequence[int]) -> Tokenizer:
    """Return a byte-level BPE."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    unnamed = "llama-bpe" if len(tokens) == LLAMA3_TOKENS else "default"
    pre = str(fields.get(f"{_PREFIX}pre") or unnamed)
    if pre not in SPLITS:
        raise UnsupportedModel(
            f"its tokenizer splits text in an unsupported way: {pre[:40]!r}",
            hint="take the model's safetensors checkpoint",
        )
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = [_pair(merge) for merge in _strings(fields, "merges")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=pre in WHOLE_FIRST))
    cuts = [pre_tokenizers.Split(Regex(each), "isolated") for each in SPLITS[pre]]
    in_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*cuts, in_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    if pre in COMPOSED:
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def _pair(merge: str) -> tuple[str, str]:
    """Return the two parts of a merge."""
    left, _, right = merge.partition(" ")
    return left, right


def _sentencepiece(fields: Mapping[str, Any], tokens: list[str], kinds: Sequence[int]) -> Tokenizer:
    """Return SentencePiece's BPE: spaces are characters, unknown characters become bytes."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    vocabulary = {token: number for number, token in enumerate(tokens)}
    unknown = _token(fields, "unknown", tokens)
    merges = [_pair(merge) for merge in _strings(fields, "merges")]
    tokenizer = Tokenizer(
        models.BPE(
            vocabulary,
            merges or _merges_by_score(fields, tokens, kinds),
            unk_token=unknown,
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    spaced = fields.get(f"{_PREFIX}add_space_prefix") is not False
    steps: list[normalizers.Normalizer] = [normalizers.Prepend(SPACE)] if spaced else []
    tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", SPACE)])
    back = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(back + ([decoders.Strip(" ", 1, 0)] if spaced else []))
    return tokenizer


def _merges_by_score(
    fields: Mapping[str, Any], tokens: list[str], kinds: Sequence[int]
) -> list[tuple[str, str]]:
    """Return the merges that the scores of the tokens imply.

    SentencePiece joins the neighbours whose token has the best score; so every way to split a token
    in two is a merge with the token's rank.
    """
    scores = fields.get(f"{_PREFIX}scores") or []
    if len(scores) != len(tokens):
        raise ValueError(f"{len(scores)} scores for {len(tokens)} tokens")
    joined = {t for t, kind in zip(tokens, kinds, strict=True) if kind in (NORMAL, USER_DEFINED)}
    found = [
        (-score, -cut, token[:cut], token[cut:])
        for token, score in zip(tokens, scores, strict=True)
        if token in joined
        for cut in range(1, len(token))
        if token[:cut] in joined and token[cut:] in joined
    ]
    return [(left, right) for _, _, left, right in sorted(found)]


def _add_special(tokenizer: Tokenizer, tokens: list[str], kinds: Sequence[int]) -> None:
    """Make control tokens special, and user-defined tokens found whole in any text."""
    from tokenizers import AddedToken

    for kind, special in ((CONTROL, True), (USER_DEFINED, False)):
        added = [
            AddedToken(token, special=special, normalized=False)
            for token, each in zip(tokens, kinds, strict=True)
            if each == kind and token
        ]
        (tokenizer.add_special_tokens if special else tokenizer.add_tokens)(added)


def _token(fields: Mapping[str, Any], role: str, tokens: Sequence[str]) -> str | None:
    """Return the token with a role; None if there is none."""
    number = fields.get(f"{_PREFIX}{role}_token_id")
    return tokens[number] if isinstance(number, int) and 0 <= number < len(tokens) else None


def _roles(fields: Mapping[str, Any], tokens: Sequence[str]) -> dict[str, Any]:
    """Return the begin, end, padding and unknown tokens, and the chat template."""
    names = {"bos": "bos", "eos": "eos", "unknown": "unk", "padding": "pad"}
    found: dict[str, Any] = {
        f"{short}_token": token
        for name, short in names.items()
        if (token := _token(fields, name, tokens)) is not None
    }
    if fields.get(f"{_PREFIX}add_bos_token") is False:
        found["add_bos_token"] = False
    template = fields.get("tokenizer.chat_template")
    if isinstance(template, str):
        found["chat_template"] = template
    return found
