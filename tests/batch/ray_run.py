"""A batch on a cluster of two nodes on this machine; run by test_ray.py in a process of its own.

python ray_run.py FOLDER OUT
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from batch.standin import calls, everything, standin_job

from longsum.batch.batch_events import BatchListener
from longsum.batch.ray_cluster import set_environment
from longsum.batch.run import run_batch

set_environment(local=True)


class Saboteur(BatchListener):
    """Kills an actor that holds the model once some documents are finished."""

    def __init__(self) -> None:
        self.rows: list[dict] = []
        self.killed = 0

    def finished(self, row: dict, worker: int | None) -> None:
        self.rows.append(row)
        if len(self.rows) == 4:
            threading.Thread(target=self.kill).start()

    def kill(self) -> None:
        """End the process of one actor that holds the model, in the midst of a document."""
        for folder in Path("/proc").iterdir():
            try:
                title = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"ray::" in title and b"RayWorker" in title:
                os.kill(int(folder.name), signal.SIGKILL)
                self.killed = int(folder.name)
                return


def main() -> None:
    from ray.cluster_utils import Cluster

    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    node = {"num_cpus": 2, "object_store_memory": 100 << 20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(**{k: v for k, v in node.items() if k != "include_dashboard"})
    listener = Saboteur()
    job = standin_job(output, engine="ray", ray_address=cluster.address, workers=2)
    run_batch(job, everything(folder, job), listener=listener)
    told = {
        "address": cluster.address,
        "killed": listener.killed,
        "rows": [{k: row[k] for k in ("document", "outcome", "worker")} for row in listener.rows],
        "calls": calls(job),
    }
    alone = replace(job, batch=replace(job.batch, engine="local", ray_address=None))
    told["again"] = run_batch(alone, everything(folder, alone)).as_dict()
    cluster.shutdown()
    sys.stdout.write("TOLD " + json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
