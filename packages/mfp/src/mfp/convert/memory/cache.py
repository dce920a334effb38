"""The memory of flows that are as they were: what loading read, and what came of it."""

import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from metaflow_prefect.deploy.description import Description
from metaflow_prefect.errors import MetaflowPrefectError
from metaflow_prefect.generate.write import write_text

from mfp.convert.loading.exchange import Reply, Request, checked
from mfp.convert.memory.environment import state_of
from mfp.convert.memory.state import state_of_file, state_of_folder, state_of_modules, state_of_path

FORMAT = 4
# What an entry has of the reply.
KEPT = {"digest", "deployment", "unfit", "note"} | {
    *("files", "asked", "folders", "modules", "variables")
}
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
        self._entries, self.secret = _read(path, world)
        self._changed = False
        self._state = cache(state_of_file)
        self._asked = cache(state_of_path)
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
        known = _reply(self._entries.get(_key(request)))
        if known is None or state_of_file(str(output)) != known.digest:
            return None
        return known if self._is_same(known, request) else None

    def _is_same(self, known: Reply, request: Request) -> bool:
        return (
            all(self._state(path) == state for path, state in known.files.items())
            and all(self._asked(path) == state for path, state in known.asked.items())
            and all(self._folder(path) == state for path, state in known.folders.items())
            and all(
                self._modules(path, request.ignored) == state
                for path, state in known.modules.items()
            )
            and all(
                state_of(name, os.environ, self.secret) == state
                for name, state in known.variables.items()
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
        entry = {name: getattr(reply, name) for name in KEPT}
        entry["deployment"] = reply.deployment.as_json() if reply.deployment else None
        self._entries[_key(request)] = entry

    def save(self) -> None:
        """Write the file; where that is impossible, the next run takes longer."""
        if self._path is None or not self._changed:
            return
        entries = {key: entry for key, entry in self._entries.items() if _has_file(key)}
        document = {"world": self._world, "secret": self.secret.hex(), "entries": entries}
        with suppress(OSError, MetaflowPrefectError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._path.chmod(0o600)  # which writing keeps
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


class _Read(NamedTuple):
    """What the file holds."""

    entries: dict[str, Any]
    secret: bytes


def _read(path: Path | None, world: str) -> _Read:
    nothing = _Read({}, secrets.token_bytes(32))
    if path is None:
        return nothing
    try:
        document = json.loads(path.read_bytes())
        same = document["world"] == world
        found = _Read(document["entries"], bytes.fromhex(document["secret"]))
    except (OSError, ValueError, KeyError, TypeError):
        return nothing
    return found if same and isinstance(found.entries, dict) else nothing


def _reply(entry: Any) -> Reply | None:
    """Give what an entry says; None if there is none, or if it is damaged."""
    try:
        found = entry["deployment"]
        deployment = None if found is None else Description.from_json(found)
        reply = Reply(**{**entry, "deployment": deployment})
        return checked(reply) if reply.digest and entry.keys() == KEPT else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _has_file(key: str) -> bool:
    """Say whether the file of an entry's flow is still there."""
    try:
        return Path(json.loads(key)[0]).exists()
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return False


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
