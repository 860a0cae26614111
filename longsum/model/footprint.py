"""Bytes of a model's weights and of its prefill. Pure arithmetic on a `ModelShape`."""

from __future__ import annotations

from longsum.checkpoint.files import ModelShape
from longsum.checkpoint.kv_format import bytes_of_kv_workspace, bytes_of_scores, is_quantized

DTYPE_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}
"""Bytes per value of each compute dtype."""

WEIGHT_BYTES = {
    "nf4": 0.5 + 1 / 64 + 4 / (64 * 256),
    "nf4-single": 0.5 + 4 / 64,
    "nf4-cpu": 0.5 + 2 / 64,
    "int8": 1.0,
}
"""Bytes per quantized weight. NF4 stores one absmax per 64 weights: as float32 (`nf4-single`), or
double-quantized as 8 bits plus one float32 per 256 of them, 0.516 in total (arXiv 2305.14314,
section 3); on a CPU bitsandbytes' kernel needs it as bfloat16 (`nf4-cpu`). int8 also stores one
float32 per output row (arXiv 2208.07339)."""

CODES_BYTES = 2
"""Bytes per weight of a 4-bit matrix while a CPU unpacks its codes (`cpu4bit.unpack`)."""


def bytes_of_weights(shape: ModelShape, *, quantize: str = "none", dtype: str) -> int:
    """Return the bytes of the weights.

    Args:
        shape: the model's shape.
        quantize: `none` or a key of `WEIGHT_BYTES`, for the weights of the linear layers.
        dtype: compute dtype, in which all other weights are stored.
    """
    width = DTYPE_BYTES[dtype]
    if quantize == "none":
        return shape.parameters * width
    linear = int(shape.linear_parameters * WEIGHT_BYTES[quantize])
    scales = 4 * shape.linear_rows if quantize == "int8" else 0
    return linear + scales + shape.other_parameters * width


def bytes_of_activations(
    shape: ModelShape,
    chunk_tokens: int,
    *,
    dtype: str,
    tokens: int,
    quantized_weights: bool = False,
    codes: bool = False,
    scores: bool = False,
    kv_dtype: str = "",
) -> int:
    """Return the peak bytes of one prefill chunk in transformers' Llama.

    Values per token of the chunk: embeddings, the layer's input and its normed copy (3 · hidden),
    cos and sin (2 · head_dim), and the largest of
    - the norm: copy and square (2 · hidden, float32);
    - the rotation of q, or of k after it (A = heads · head_dim, K = kv heads · head_dim): q, two
      products and a rotated half, with k and v (4 A + 2 K), or the same for k (2 A + 5 K). Flash
      and SDPA kernels hold no scores; their output is smaller than the rotation. A quantized cache
      needs q, q rotated by Hadamard's matrix, a part's output and, in float32, their sum (3 A, and
      A in float32);
    - the MLP: residual, gate after its activation, up, product (hidden + 3 · intermediate).
    This is within 3 % of what torch allocates on a CPU; our own forward pass takes no more (both
    tested). Added are the last position's logits (in dtype and float32), one dequantized weight
    matrix (with its codes on a CPU), and the workspace of a quantized cache.

    Args:
        shape: the model's shape.
        chunk_tokens: tokens per chunk.
        dtype: compute dtype.
        tokens: capacity of the cache.
        quantized_weights: whether the weights are quantized.
        codes: whether a CPU unpacks 4-bit codes.
        scores: whether a CPU attends by matrix products, which hold scores.
        kv_dtype: format of the cache.
    """
    width = DTYPE_BYTES[dtype]
    queries, keys = shape.attention_size, shape.key_value_size
    held = (3 * shape.hidden_size + 2 * shape.head_dim) * width
    norm = 2 * shape.hidden_size * 4
    attention = max(4 * queries + 2 * keys, 2 * queries + 5 * keys) * width
    if is_quantized(kv_dtype):
        attention = max(attention, 3 * queries * width + 4 * queries)
    mlp = (shape.hidden_size + 3 * shape.intermediate_size) * width
    chunk = chunk_tokens * (held + max(norm, attention, mlp))
    logits = shape.vocab_size * (width + 4)
    largest = shape.hidden_size * max(shape.intermediate_size, shape.attention_size)
    matrix = largest * (width + (CODES_BYTES if codes else 0))
    workspace = bytes_of_kv_workspace(shape, tokens, kv_dtype, width)
    if scores:
        workspace += bytes_of_scores(shape, chunk_tokens, tokens)
    return chunk + logits + (matrix if quantized_weights else 0) + workspace
