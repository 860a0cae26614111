"""Convert what libraries raise while loading a model to our errors, but not our own bugs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longsum.errors import UnsupportedModel
from longsum.system_memory import is_out_of_memory


@contextmanager
def library_errors(place: Path | str) -> Iterator[None]:
    """Turn what a library raises for a model's files into our error.

    Put it around library calls only: they fail in all these ways on bad files, and so do our own
    bugs, which must keep their traceback.
    """
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise UnsupportedModel(
            f"the weights in {place} are damaged: {error}", hint="download the model again"
        ) from error
    except (
        *(OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError),
        *(AssertionError, StrictDataclassError),
    ) as error:
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise UnsupportedModel(
            f"the model in {place} cannot be loaded: {reason}",
            hint="it must be a Llama: a GGUF file, or config.json with *.safetensors",
        ) from error
