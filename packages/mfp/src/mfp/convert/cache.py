"""The memory of flows that are as they were: what loading read, and what came of it."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from metaflow_prefect.deployment import Description
from metaflow_prefect.errors import MetaflowPrefectError
from metaflow_prefect.write import write_text

from mfp.convert.environment import state_of
from mfp.convert.exchange import Reply, Request
from mfp.convert.state import state_of_file, state_of_folder, state_of_modules

FORMAT = 3
# Their files count, not their versions alone: of a working copy, or of one in PYTHONPATH.
SOURCES = ("mfp", "metaflow_prefect", "metaflow_extensions")


class Cache:
    """Remembers the flows that were converted from one folder.

    Args:
        path: Its file; None remembers nothing.
        world: What all flows depend on.
    """

    def __init__(self, path: Path | None, world: str) -> None:
        self._path = path
        self._world = world
        self._entries = _read(path, world)
        self._changed = False
        self._state = cache(state_of_file)
        self._folder = cache(state_of_folder)
        self._modules = cache(state_of_modules)

    def recall(self, request: Request, output: Path) -> Reply | None:
        """Give what loading a flow gave, if loading it again would give the same.

        Args:
            request: The flow.
            output: The generated file.

        Returns:
            The reply, without the text; None if something that loading read has changed, or
            the generated file itself.
        """
        entry = self._entries.get(_key(request))
        if entry is None or state_of_file(str(output)) != entry["text"]:
            return None
        if not self._is_same(entry, request):
            return None
        found = entry["deployment"]
        return Reply(
            digest=entry["text"],
            deployment=None if found is None else Description.from_json(found),
            unfit=entry["unfit"],
            files=entry["files"],
        )

    def _is_same(self, entry: dict[str, Any], request: Request) -> bool:
        return (
            all(self._state(path) == state for path, state in entry["files"].items())
            and all(self._folder(path) == state for path, state in entry["folders"].items())
            and all(
                self._modules(path, request.ignored) == state
                for path, state in entry["modules"].items()
            )
            and all(
                state_of(name, os.environ) == state for name, state in entry["variables"].items()
            )
        )

    def remember(self, request: Request, reply: Reply) -> None:
        """Take a flow in, if it was converted and nothing changed meanwhile.

        Args:
            request: The flow.
            reply: What loading it gave.
        """
        if reply.text is None or not reply.exact or self._path is None:
            return
        self._changed = True
        self._entries[_key(request)] = {
            "text": reply.digest,
            "deployment": reply.deployment.as_json() if reply.deployment else None,
            "unfit": reply.unfit,
            "files": reply.files,
            "folders": reply.folders,
            "modules": reply.modules,
            "variables": reply.variables,
        }

    def save(self) -> None:
        """Write the file; where that is impossible, the next run takes longer."""
        if self._path is None or not self._changed:
            return
        document = {"world": self._world, "entries": self._entries}
        with suppress(OSError, MetaflowPrefectError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._path, json.dumps(document))


def open_cache(*, use: bool) -> Cache:
    """Open the cache of the current folder.

    Args:
        use: Whether to remember anything.

    Returns:
        The cache.
    """
    folder = cache_folder() if use else None
    if folder is None:
        return Cache(None, "")
    name = sha256(os.fsencode(Path.cwd())).hexdigest()[:32]
    return Cache(folder / f"{name}.json", _world())


def cache_folder() -> Path | None:
    """Give the folder for caches: `MFP_CACHE_DIR`, or that of the user, if there is one."""
    if named := os.environ.get("MFP_CACHE_DIR"):
        return Path(named).absolute()
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named).absolute() / "mfp"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "mfp"


def _read(path: Path | None, world: str) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        document = json.loads(path.read_bytes())
        same = document["world"] == world
        entries = document["entries"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return entries if same and isinstance(entries, dict) else {}


def _key(request: Request) -> str:
    return json.dumps(
        [
            request.path,
            request.name,
            request.source,
            request.output,
            request.options,
            request.tags,
            request.stub,
        ]
    )


def _world() -> str:
    """Describe what all flows depend on: versions, what is installed, Metaflow's settings."""
    parts = [FORMAT, sys.version, sys.executable, *_versions(), *_installed(), *_settings()]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _versions() -> Iterator[str]:
    for name in ("metaflow", "metaflow-prefect", "metaflow-prefect-cli"):
        try:
            yield version(name)
        except PackageNotFoundError:
            yield ""
    for name in SOURCES:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            yield from _stamps(sorted(Path(folder).rglob("*.py")))


def _installed() -> Iterator[str]:
    """Tell when something was last installed or removed."""
    names = ("site-packages", "dist-packages")  # the latter are Debian's
    yield from _stamps(Path(entry) for entry in sys.path if Path(entry).name in names)


def _settings() -> Iterator[str]:
    for name, value in sorted(os.environ.items()):
        if name.startswith(("METAFLOW", "PYTHON")):
            yield f"{name}={value}"
    home = Path(os.environ.get("METAFLOW_HOME", "~/.metaflowconfig")).expanduser()
    for path in sorted(home.glob("*.json")):
        yield str(state_of_file(str(path)))


def _stamps(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        with suppress(OSError):
            found = path.stat()
            yield f"{path} {found.st_mtime_ns} {found.st_size}"
