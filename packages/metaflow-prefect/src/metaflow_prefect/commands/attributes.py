"""What Metaflow's `Deployer` reads of a command that it has started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_attributes(path: str, content: dict[str, Any]) -> None:
    """Write what a command has done, at once: the file is a pipe that is read to its end.

    Args:
        path: The file.
        content: What has been done.
    """
    with Path(path).open("w", encoding="utf-8") as file:
        json.dump(content, file)
