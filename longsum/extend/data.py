"""Pack texts into rows of equal length, read in an order that depends on the seed alone."""

from __future__ import annotations

import hashlib
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from longsum.checkpoint.tokenizer import Tokenizer
from longsum.corpus.texts import read_corpus
from longsum.errors import DocumentTooLong, EmptyDocument, UnsupportedModel
from longsum.events import Listener
from longsum.extend.training_events import DataFile
from longsum.settings import Setting
from longsum.terminal import shown_name


@dataclass(frozen=True)
class Rows:
    """Packed sequences: some for training, and those after them in the texts held out."""

    tokens: torch.Tensor
    """Those to train on: (rows, train_tokens) int32."""
    held: torch.Tensor
    """Those held out: (rows, context) int32."""
    seed: int
    """Random seed for the order of the rows."""
    files: tuple[DataFile, ...]
    total_tokens: int
    """Tokens of all texts, including those that fill no row or exceed `max_rows`."""

    @property
    def training(self) -> int:
        """Number of rows to train on."""
        return len(self.tokens)

    @property
    def held_out(self) -> int:
        """Number of rows that are held out."""
        return len(self.held)

    def row(self, number: int) -> torch.Tensor:
        """Return the row that is read as the `number`-th, from 0, epoch after epoch.

        Every epoch has its own order, which follows from the seed: to continue, a run needs only
        the number of rows it has read.
        """
        epoch, place = divmod(number, self.training)
        return self.tokens[_order(self.seed, epoch, self.training)[place]].long()

    def validation(self) -> torch.Tensor:
        """Return the held-out rows, (rows, context)."""
        return self.held.long()


_ORDERS: dict[tuple[int, int, int], list[int]] = {}


def _order(seed: int, epoch: int, rows: int) -> list[int]:
    """Return an epoch's order of rows; the most recent one is cached."""
    key = (seed, epoch, rows)
    if key not in _ORDERS:
        _ORDERS.clear()
        order = list(range(rows))
        random.Random(f"{seed}/{epoch}").shuffle(order)
        _ORDERS[key] = order
    return _ORDERS[key]


def pack_rows(
    paths: Sequence[Path],
    tokenizer: Tokenizer,
    context: int,
    listener: Listener,
    *,
    vocab_size: int,
    train_tokens: int | None = None,
    seed: int = 0,
    validation_rows: int = 4,
    max_rows: int | None = None,
) -> Rows:
    """Read, tokenize and pack texts.

    Args:
        paths: files and folders, as `read_corpus` accepts them.
        tokenizer: the checkpoint's tokenizer.
        context: tokens of a held-out row.
        listener: notified of what is skipped or left over.
        vocab_size: rows of the model's embedding.
        train_tokens: tokens of a row to train on; None takes `context`.
        seed: random seed for the order of the rows.
        validation_rows: rows to hold out, at most a tenth, at least one if there are two.
        max_rows: maximum rows to train on.

    Returns:
        The packed rows, those held out at the end.

    Raises:
        DocumentError: when a file cannot be read, or the texts do not fill a row.
        UnsupportedModel: when the tokenizer has no token to put between texts, or makes tokens
            that the embedding does not have.
    """
    stream = array("i")
    files = [_append(stream, path, tokenizer, listener, vocab_size) for path in paths]
    length = train_tokens or context
    if len(stream) < length:
        name = "train_tokens" if train_tokens else "context"
        raise EmptyDocument(
            f"too little text for one sequence: {len(stream):,} tokens, "
            f"{Setting(name)} {length:,} needs as many",
            hint=f"name more {Setting('data')}, or a smaller {Setting(name)}",
        )
    held_out = held_out_rows(len(stream) // context, validation_rows)
    rows = (len(stream) - held_out * context) // length
    if max_rows is not None:
        rows = min(rows, max_rows)
    _report_unused(len(stream), rows * length, held_out, context, length, listener)
    all_tokens = torch.frombuffer(stream, dtype=torch.int32)
    trained, rest = all_tokens[: rows * length], all_tokens[rows * length :]
    held = rest[: held_out * context].view(held_out, context)
    return Rows(trained.view(rows, length), held, seed, tuple(files), len(stream))


def held_out_rows(rows: int, asked: int) -> int:
    """Return how many rows to hold out: as many as asked for, at most a tenth, one of a few."""
    return 0 if rows < 2 else min(asked, max(1, rows // 10))


def _append(
    stream: array[int], path: Path, tokenizer: Tokenizer, listener: Listener, vocab_size: int
) -> DataFile:
    """Tokenize one of the texts or folders onto the stream."""
    before, texts, digest = len(stream), 0, hashlib.sha256()
    begin, end = _separators(tokenizer)
    _check_ids([*begin, *end], vocab_size)
    name = shown_name(path.name or str(path))
    listener.phase(f"tokenizing {name}")
    for text in read_corpus([path], listener):
        data = text.text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
        ids = tokenizer.encode_document(text.text)
        _check_ids(ids, vocab_size)
        stream.extend([*begin, *ids, *end])
        texts += 1
        if len(stream) > 1 << 33:
            raise DocumentTooLong("the data holds more than 8 billion tokens", hint="name less")
    return DataFile(name, texts, len(stream) - before, digest.hexdigest())


def _separators(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the tokens before and after each text: bos, or eos where there is no bos."""
    begin, end = tokenizer.inner.bos_token_id, tokenizer.inner.eos_token_id
    if begin is not None:
        return [begin], []
    if end is not None:
        return [], [end]
    raise UnsupportedModel(
        "the tokenizer has neither a beginning- nor an end-of-text token, so texts in a sequence "
        "cannot be separated",
        hint="set bos_token in the model's tokenizer_config.json",
    )


def _check_ids(ids: list[int], vocab_size: int) -> None:
    """Refuse tokens without a row in the embedding."""
    if ids and max(ids) >= vocab_size:
        raise UnsupportedModel(
            f"the tokenizer makes token {max(ids):,}, the model's embedding has {vocab_size:,} "
            "rows",
            hint="the folder mixes the files of two models; download it again",
        )


def _report_unused(
    tokens: int, trained: int, held_out: int, context: int, length: int, listener: Listener
) -> None:
    """Report the tokens left over, and when no row is held out.

    Args:
        tokens: tokens of all texts.
        trained: tokens of the rows to train on.
        held_out: number of rows held out.
        context: tokens of a held-out row.
        length: tokens of a row to train on.
        listener: notified of it.
    """
    if not held_out:
        few = "there is one sequence only" if length == context else "there is too little text"
        why = few if tokens < 2 * context else f"{Setting('validation_rows')} is 0"
        listener.notice(f"nothing is held out for validation: {why}")
    left = tokens - trained - held_out * context
    if left:
        listener.notice(f"{left:,} of {tokens:,} tokens are left over: rows hold {length:,}")
