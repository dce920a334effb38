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
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def load_runtime(name: str, metaflow_side: str, prefect_side: str) -> ModuleType:
    """Load both sides for a module; return the one that runs the Prefect flow."""
    metaflow = load_side(metaflow_side)
    metaflow.check_prefect(name)
    return load_side(prefect_side, metaflow)


def load_side(text: str, other: ModuleType | None = None) -> ModuleType:
    """Load a side, which uses names of another one, if it is not loaded yet."""
    data = text.encode()
    known = other.__name__ if other else ""
    digest = sha256(known.encode() + data).hexdigest()[:16]
    name = f"metaflow_prefect_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    path = _kept(f"{name}.py", data)
    spec = spec_from_file_location(name, path) if path else None
    module = module_from_spec(spec) if spec else ModuleType(name)
    sys.modules[name] = module
    found = vars(other).items() if other else ()
    vars(module).update((n, value) for n, value in found if n[:2] != "__")
    try:
        if spec and spec.loader:
            spec.loader.exec_module(module)
        else:
            code = compile(text, f"<{name}>", "exec")
            exec(code, module.__dict__)  # noqa: S102 - of this file
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _kept(name: str, data: bytes) -> Path | None:
    """Return the file of the cache folder with some source, if it can be there."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        path = folder / "metaflow-prefect" / name
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            written = path.with_name(f"{name}.{os.getpid()}")
            written.write_bytes(data)
            written.replace(path)
    except (OSError, RuntimeError):  # there is no home, or nothing can be written to it
        return None
    return path


def load_metaflow_side() -> None:
    """Load Metaflow's side of a generated file, and have it run this process."""
    path, kind = sys.argv[1:3]
    del sys.path[0]
    with open(path, encoding="utf-8") as file:
        side = file.read().split("\n# =====", 3)[2]
    load_side(side.split("'''")[1]).metaflow_side(kind)


if __name__ == "loader":
    load_metaflow_side()
