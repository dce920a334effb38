"""What a generated file that imports this package does before it imports Prefect.

A file that holds the runtime has its own words for it, in its first lines.
"""

from __future__ import annotations

import gc
import socket
import sys
from subprocess import Popen

# Without the current folder on the path, and leaving no name to the flow's `__main__`.
CODE = (
    "exec('import sys; del sys.path[0]; "
    "from metaflow_prefect.runtime.host.side import metaflow_side; "
    "metaflow_side(sys.argv[2])', {})"
)
HOST = sys.executable, "-c", CODE


def start_early(path: str) -> tuple[Popen[bytes], socket.socket, socket.socket]:
    """Start the process that imports Metaflow, while this one imports Prefect.

    Args:
        path: The generated file, which is run as a script.

    Returns:
        What `start_metaflow` returns.
    """
    from .start import start_metaflow
    from .versions import check_prefect

    check_prefect("__main__")
    gc.disable()  # until Prefect is imported, as that stays
    return start_metaflow(path)
