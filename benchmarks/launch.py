"""Run a command from a small process, and record its resource usage.

    python -S launch.py USAGE.json COMMAND ...

A process starts as large as its parent, which counts towards its peak: with torch in the parent,
every contestant would seem to need at least 450 MiB.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """Run the command and write its seconds, its peak (bytes) and its exit code."""
    path, *command = sys.argv[1:]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    used = {
        "wall_s": time.perf_counter() - started,
        "peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "code": process.returncode,
    }
    Path(path).write_text(json.dumps(used))


if __name__ == "__main__":
    main()
