"""The memory of flows that are as they were.

A flow is loaded again if a file that loading opened or a module that it imported is another one,
or the environment, the installed packages or the settings are.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from metaflow_prefect.errors import MetaflowPrefectError
from metaflow_prefect.generate.write import write_text

from mfp.convert.loading.exchange import Reply, Request
from mfp.convert.memory.record import present
from mfp.convert.memory.state import state_of

FORMAT = 5
# Their files count, not their versions alone: of a working copy, or of one in PYTHONPATH.
SOURCES = ("mfp", "metaflow_prefect", "metaflow_extensions")
# What a shell or a terminal sets anew each time.
PASSING = ("_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES", "WINDOWID")
PASSING_BEGINNINGS = ("TERM", "SSH_", "TMUX", "VSCODE_", "XDG_SESSION")


@dataclass(frozen=True, kw_only=True)
class _Memory:
    """What the file of the cache holds.

    Attributes:
        world: What all flows depend on.
        entries: The replies, without their texts, by the requests.
    """

    world: str
    entries: dict[str, Reply]


class Cache:
    """Remembers the flows that were converted from one folder.

    Args:
        path: Its file; None remembers nothing.
        world: What all flows depend on.
    """

    def __init__(self, path: Path | None, world: str) -> None:
        self._path = path
        self._world = world
        self._entries = {} if path is None else _read(path, world)
        self._changed = False
        self._state = cache(state_of)
        self._present = cache(present)

    def recall(self, request: Request, output: Path) -> Reply | None:
        """Give what loading a flow gave, if loading it again would give the same.

        Args:
            request: The flow.
            output: The generated file.

        Returns:
            The reply, without the text; None if something that loading read has changed, or
            the generated file itself.
        """
        known = self._entries.get(_key(request))
        if known is None or state_of(str(output)) != known.digest:
            return None
        same = all(self._state(path) == state for path, state in known.files.items()) and all(
            self._present(folder, tuple(names)) == names for folder, names in known.imports.items()
        )
        return known if same else None

    def remember(self, request: Request, reply: Reply) -> None:
        """Take a flow in, if it was converted.

        Args:
            request: The flow.
            reply: What loading it gave.
        """
        if reply.text is not None and reply.is_complete and self._path is not None:
            self._changed = True
            self._entries[_key(request)] = replace(reply, text=None)

    def save(self) -> None:
        """Write the file; where that is impossible, the next run takes longer."""
        if self._path is None or not self._changed:
            return
        entries = {key: one for key, one in self._entries.items() if _has_file(key)}
        memory = _Memory(world=self._world, entries=entries)
        with suppress(OSError, ValueError, MetaflowPrefectError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._path.chmod(0o600)  # which writing keeps
            write_text(self._path, _adapter().dump_json(memory, warnings=False).decode())


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


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415  (takes a tenth of a second)

    return TypeAdapter(_Memory)


def _read(path: Path, world: str) -> dict[str, Reply]:
    """Read the entries; none if there is no file, or if it is damaged or of another world."""
    try:
        found: _Memory = _adapter().validate_json(path.read_bytes(), strict=True)
    except (OSError, ValueError):
        return {}
    return found.entries if found.world == world else {}


def _has_file(key: str) -> bool:
    """Say whether the file of an entry's flow is still there."""
    return Path(json.loads(key)[0]).exists()


def _key(request: Request) -> str:
    return json.dumps(
        [
            request.path,
            request.name,
            request.source,
            request.output,
            request.options,
            request.tags,
            request.configs,
            request.config_values,
            request.stub,
            request.runtime,
        ]
    )


def _world() -> str:
    """Describe what all flows depend on: versions, what is installed, the environment."""
    parts = [FORMAT, sys.version, sys.executable, *_versions(), *_installed(), *_environment()]
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


def _environment() -> Iterator[str]:
    """Tell the environment, and Metaflow's settings, which stand in for it."""
    for name, value in sorted(os.environ.items()):
        if name not in PASSING and not name.startswith(PASSING_BEGINNINGS):
            yield f"{name}={value}"
    home = Path(os.environ.get("METAFLOW_HOME", "~/.metaflowconfig")).expanduser()
    for path in sorted(home.glob("*.json")):
        yield str(state_of(str(path)))


def _stamps(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        with suppress(OSError):
            found = path.stat()
            yield f"{path} {found.st_mtime_ns} {found.st_size}"
