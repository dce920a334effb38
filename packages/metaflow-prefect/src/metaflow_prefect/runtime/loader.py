"""Load the runtime, which a generated file holds as two texts.

Python would compile them whenever the file is run, which takes a tenth of a second. As
modules in the user's cache folder, named by what they hold, they are compiled once for
all files; where there can be no such folder, each time. `python -c` with the command in
`HOST` runs this part of the file alone.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType


def load_runtime(name: str, metaflow_side: str, prefect_side: str) -> ModuleType:
    """Load both sides for a module; return the one that runs the Prefect flow."""
    metaflow = load_side(metaflow_side)
    metaflow.check_prefect(name)
    return load_side(prefect_side, metaflow)


def load_side(text: str, other: ModuleType | None = None) -> ModuleType:
    """Load a side, which begins with the names of another one, unless it is loaded."""
    side = Side(text.encode(), other)
    if side.name not in sys.modules:
        side.keep()
    sys.meta_path.insert(0, side)
    try:  # which waits where another thread, for whatever file, is about to load it
        return import_module(side.name)
    finally:
        sys.meta_path.remove(side)


class Side(SourceFileLoader):
    """Finds and loads one side, by the name that says what it holds."""

    def __init__(self, data: bytes, other: ModuleType | None) -> None:
        known = other.__name__.encode() if other else b""
        name = f"metaflow_prefect_{sha256(known + data).hexdigest()[:16]}"
        super().__init__(name, f"<{name}>")  # until it is kept
        self._data = data
        found = vars(other).items() if other else ()
        self._names = {n: value for n, value in found if n[:2] != "__"}

    def keep(self) -> None:
        """Have the source in the cache folder, beside which Python keeps its code."""
        try:
            folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            path = folder / "metaflow-prefect" / f"{self.name}.py"
            if not path.exists() or path.read_bytes() != self._data:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._write(path)
        except (OSError, RuntimeError):  # there is no home, or nothing can be written
            return
        self.path = str(path)

    def _write(self, path: Path) -> None:
        written = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
        try:
            written.write_bytes(self._data)
            written.replace(path)
        except OSError:
            written.unlink(missing_ok=True)
            raise

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """Find this side only."""
        if name != self.name:
            return None
        spec = ModuleSpec(name, self, origin=self.path)
        spec.has_location = not self.path.startswith("<")
        return spec

    def get_data(self, path: str) -> bytes:
        """Return the source from memory; what Python has made of it from its file."""
        return self._data if path == self.path else super().get_data(path)

    def exec_module(self, module: ModuleType) -> None:
        """Run it, with the names of the other side."""
        vars(module).update(self._names)
        super().exec_module(module)


def load_metaflow_side() -> None:
    """Load Metaflow's side of a generated file, and have it run this process."""
    path, kind = sys.argv[1:3]
    with open(path, encoding="utf-8") as file:
        side = file.read().split("\n# =====", 3)[2]
    load_side(side.split("'''")[1]).metaflow_side(kind)


if __name__ == "loader":
    load_metaflow_side()
