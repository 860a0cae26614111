"""Convert the errors of the hub's library to ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from longsum.errors import ModelNotFound, ModelUnavailable
from longsum.settings import Setting


@contextmanager
def hub_errors(repo: str) -> Iterator[None]:
    """Turn what the hub's library raises into our errors."""
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError, see below
        GatedRepoError,
        HFValidationError,
        HTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise ModelUnavailable(
            f"{repo} is gated",
            hint=f"accept its licence at https://huggingface.co/{repo}, then set HF_TOKEN",
        ) from error
    except RevisionNotFoundError as error:
        raise ModelNotFound(f"{repo} has no such revision") from error
    except RepositoryNotFoundError as error:
        raise ModelNotFound(
            f"{repo} was not found on Hugging Face",
            hint="check the spelling; private models need HF_TOKEN",
        ) from error
    except HFValidationError as error:
        raise ModelNotFound(f"{repo!r} is not a model id") from error
    # HTTPError comes from the hub's HTTP library, whichever it is; lost connections are included
    except (OfflineModeIsEnabled, HTTPError, OSError) as error:
        # snapshot_download reports offline mode only as the cause
        if OfflineModeIsEnabled in (type(error), type(error.__cause__)):
            raise ModelUnavailable(
                f"{repo} cannot be downloaded: offline mode is on",
                hint=f"run without {Setting('offline')} and with HF_HUB_OFFLINE unset",
            ) from error
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelUnavailable(
            f"{repo} could not be downloaded: {first}",
            hint="check the network and free disk space, then run the same command again",
        ) from error
