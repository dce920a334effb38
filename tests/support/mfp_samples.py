"""Pieces of flows, and of repositories."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from mfp.discover import Discovery

Files: TypeAlias = Mapping[str, str | bytes]
Found: TypeAlias = Callable[..., Discovery]

BODY = """
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

FLOW = f"""from metaflow import FlowSpec, step


class F(FlowSpec):{BODY}"""


def derived(imports: str, base: str, name: str = "F") -> str:
    """Write a module whose class has a whole graph.

    Args:
        imports: The statements before the class.
        base: The base or bases as written.
        name: The class's name.

    Returns:
        The source.
    """
    return f"{imports}\nfrom metaflow import step\n\n\nclass {name}({base}):{BODY}"


def write(root: Path, files: Files) -> None:
    """Write files, their text without its common indentation.

    Args:
        root: The folder.
        files: Their paths in it, and their contents.
    """
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = textwrap.dedent(content).encode() if isinstance(content, str) else content
        path.write_bytes(data)
