"""Load weights as a user's run does: with the cache of quantized ones that the environment sets.

Importing it takes seconds, as it brings torch: import it when a run is known to fit.
"""

from __future__ import annotations

from longsum.checkpoint.checkpoint import Checkpoint
from longsum.config import LoadConfig
from longsum.engine.llama import Llama
from longsum.events import Listener
from longsum.loading import loader, quantized_cache
from longsum.model.memory import MemoryPlan


def load_weights(
    checkpoint: Checkpoint, plan: MemoryPlan, load: LoadConfig, listener: Listener
) -> Llama:
    """Load a checkpoint's weights, quantized ones from the cache if they are there.

    Args:
        checkpoint: a checkpoint with the window and RoPE parameters to use.
        plan: a plan that fits.
        load: attention implementation.
        listener: receives notices about cached or damaged quantized weights.

    Returns:
        The model in evaluation mode.

    Raises:
        LongsumError: as `loader.load_model`.
    """
    cache = quantized_cache.weights_config(plan.quantize)
    return loader.load_model(
        checkpoint, plan, listener=listener, attention=load.attention, weights=cache
    )
