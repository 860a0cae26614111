"""Join or start a Ray cluster, and divide its CPUs and GPUs among actors."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from longsum.batch.config import BatchConfig
from longsum.batch.job import Job
from longsum.errors import LongsumError, UsageError
from longsum.settings import Setting

READERS_PER_WORKER = 2


@dataclass(frozen=True)
class Share:
    """How many actors a cluster runs, and what each of them gets."""

    nodes: int
    workers: int
    worker_cpus: float
    worker_gpus: float
    readers: int
    """Maximum number of readers."""
    reader_cpus: float

    def lines(self) -> list[str]:
        """Return it as lines for people."""
        device = "a GPU" if self.worker_gpus else f"{self.worker_cpus:g} CPUs"
        return [
            f"Ray: {self.nodes:,} nodes, {self.workers:,} workers with {device} each, "
            f"up to {self.readers:,} readers"
        ]


@contextlib.contextmanager
def connected(config: BatchConfig) -> Iterator[Any]:
    """Join the requested cluster, or start one on this machine; leave it afterwards.

    Yields:
        The `ray` module.

    Raises:
        LongsumError: when the cluster cannot be reached.
    """
    address = config.ray_address
    set_environment(local=address is None)
    import ray

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=address or "local",
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise LongsumError(
            f"Ray cannot be reached at {address or 'this machine'}: {reason}",
            hint=f"check {Setting('ray_address')}; `ray status` shows a running cluster",
        ) from error
    try:
        _configure()
        # Ray reports on its processes on stdout, which is for the answer
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            yield ray
    finally:
        ray.shutdown()


def set_environment(*, local: bool) -> None:
    """Set the variables that Ray reads on import, so that it sends no data unasked.

    Args:
        local: whether the cluster is only this machine, and listens only on its loopback address.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a late thread must not start a new cluster
    if local:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # the only switch for loopback


def _configure() -> None:
    """Set Ray Data up for documents: a failing one must not stop the others."""
    from ray.data import DataContext

    context = DataContext.get_current()
    context.max_errored_blocks = -1
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def share_out(job: Job) -> Share:
    """Divide the connected cluster among a job's actors.

    Raises:
        UsageError: when it is too small for the requested workers.
    """
    import ray

    nodes = [node for node in ray.nodes() if node["Alive"]]
    found = ray.cluster_resources()
    wants_gpu = job.load.device in ("auto", "cuda")
    gpus = int(found.get("GPU", 0)) if wants_gpu else 0
    smallest = min(node["Resources"].get("CPU", 0) for node in nodes)
    return divide(
        nodes=len(nodes),
        cpus=found.get("CPU", 0.0),
        smallest_cpus=smallest,
        gpus=gpus,
        workers=job.batch.workers,
        readers=job.batch.readers,
    )


def divide(
    *,
    nodes: int,
    cpus: float,
    smallest_cpus: float,
    gpus: int,
    workers: int | None,
    readers: int | None,
) -> Share:
    """Return each actor's share. Pure.

    Args:
        nodes: number of nodes alive.
        cpus: CPUs of all nodes.
        smallest_cpus: CPUs of the smallest node.
        gpus: usable GPUs of all nodes.
        workers: as requested; None takes one per GPU, or one per node.
        readers: as requested; None takes two per worker, as far as there are CPUs.

    Raises:
        UsageError: when there are fewer CPUs or GPUs than requested workers.
    """
    count = workers or gpus or nodes
    if gpus and count > gpus:
        raise UsageError(f"{Setting('workers')} {count}, but the cluster has {gpus} GPUs")
    if count > cpus:
        raise UsageError(f"{Setting('workers')} {count}, but the cluster has {cpus:g} CPUs")
    spare = cpus - count
    wanted = readers or max(1, min(READERS_PER_WORKER * count, int(spare)))
    # without a spare CPU, readers share the little that workers leave
    reader_cpus = 1.0 if spare >= wanted else round(max(0.0, spare) / wanted, 2)
    each = 1.0
    if not gpus:
        each = max(1.0, min((cpus - wanted * reader_cpus) // count, smallest_cpus - reader_cpus))
    return Share(nodes, count, each, 1.0 if gpus else 0.0, wanted, reader_cpus)
