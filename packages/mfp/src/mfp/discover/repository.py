"""The modules of a repository in which a flow may be, parsed as far as needed."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mfp.discover.files.notebooks import Notebook, read_notebook
from mfp.discover.files.prefilter import (
    Imports,
    TooLargeError,
    imports_of,
    may_hold_flow,
    read,
)
from mfp.discover.files.source import EXCLUDE, UnreadableError, parse, too_deep
from mfp.discover.flows import examine
from mfp.discover.names.bindings import Class, Module
from mfp.discover.names.collect import collect
from mfp.discover.names.modules import Finder, Place
from mfp.discover.names.resolve import Resolver
from mfp.discover.names.symbols import FLOW_SPEC, Metaflow


@dataclass(slots=True)
class Repository:
    """Files, and what has been read of them.

    Args:
        finder: Finds the files of modules.

    Attributes:
        modules: The modules that were asked for; None for those that could not be read.
        notebooks: The notebooks among them.
        failures: Why a file that may hold a flow could not be read.
        candidates: The files that may hold a flow.
    """

    finder: Finder
    modules: dict[str, Module | None] = field(default_factory=dict)
    notebooks: dict[str, Notebook] = field(default_factory=dict)
    failures: dict[str, UnreadableError] = field(default_factory=dict)
    candidates: set[str] = field(default_factory=set)
    resolver: Resolver = field(init=False)
    _imports: dict[str, Imports] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give the resolver its way to modules."""
        self.resolver = Resolver(self.load, self.finder)

    def add(self, files: Iterable[str]) -> None:
        """Look at files, and parse those in which a flow may be.

        Args:
            files: Absolute paths, those of a former call among them or not.
        """
        for path in files:
            if path not in self._imports and path not in self.candidates:
                self._sift(path)
        pending = set(self.candidates)
        while pending:
            pending = self._importers_of(sorted(pending)) - self.candidates
            self.candidates |= pending

    def classes(self) -> Iterator[Class]:
        """Give the classes of all files that may hold a flow."""
        for path in sorted(self.candidates):
            module = self.load(path)
            if module is not None:
                yield from module.classes

    def load(self, path: str) -> Module | None:
        """Read the bindings of a file, once.

        Args:
            path: The file.

        Returns:
            Its bindings; None, and an entry in `failures`, if it cannot be read.
        """
        if path not in self.modules:
            self.modules[path] = None
            try:
                self.modules[path] = self._read(path)
            except UnreadableError as error:
                self.failures[path] = error
            except OSError as error:
                self.failures[path] = unreadable(error)
            except RecursionError:
                self.failures[path] = too_deep()
            except TooLargeError:
                self.failures[path] = _too_large()
        return self.modules[path]

    def _read(self, path: str) -> Module:
        data = read(path)
        if path.endswith(".ipynb"):
            self.notebooks[path] = read_notebook(data)
            return collect(self.notebooks[path].tree, path)
        return collect(parse(data), path)

    def _sift(self, path: str) -> None:
        """Read a file's bytes and keep what tells whether it must be parsed."""
        try:
            data = read(path)
        except OSError as error:
            self.failures[path] = unreadable(error)
            return
        except TooLargeError:
            self.failures[path] = _too_large()
            return
        if may_hold_flow(data):
            self.candidates.add(path)
            return
        self._imports[path] = imports_of(data, path)

    def _importers_of(self, paths: Iterable[str]) -> set[str]:
        """Find the files that may take a flow, or a way to one, from some modules."""
        offers: dict[bytes, set[bytes]] = {}
        for path in paths:
            names = self._offered(path)
            if names and path not in self.notebooks:
                file = Path(path)
                word = file.parent.name if file.name == "__init__.py" else file.stem
                offers.setdefault(os.fsencode(word), set()).update(map(str.encode, names))
        words = frozenset(offers)
        return {
            path
            for path, imports in self._imports.items()
            if not words.isdisjoint(imports.words)
            and any(imports.may_take(word, offers[word]) for word in words & imports.words)
        }

    def _offered(self, path: str) -> set[str]:
        """Give the names of a module that lead to a flow; `FlowSpec` itself speaks for itself."""
        names: set[str] = set()
        seen = {path}
        pending = [path]
        while pending:
            module = self.load(pending.pop())
            if module is not None:
                names.update(one for one in module.names if self._leads_to_flow(one, module.path))
                stars = {star.path for star in self.resolver.starred(module)}
                pending += stars - seen
                seen |= stars
        return names

    def _leads_to_flow(self, name: str, path: str) -> bool:
        try:
            symbol = self.resolver.lookup(name, path)
            if isinstance(symbol, Class):
                return examine(symbol, self.resolver) is not None
            if isinstance(symbol, Place):
                return symbol.path in self.candidates
        except RecursionError:
            return False
        return isinstance(symbol, Metaflow) and FLOW_SPEC == symbol.name != name


def unreadable(error: OSError) -> UnreadableError:
    """Turn an error of the system into a problem's text.

    Args:
        error: What the system said.

    Returns:
        The problem.
    """
    reason = os.strerror(error.errno) if error.errno else str(error)
    return UnreadableError(
        None,
        f"cannot be read: {reason[:1].lower()}{reason[1:]}",
        f"Make it readable, remove it, or {EXCLUDE}.",
    )


def _too_large() -> UnreadableError:
    return UnreadableError(
        None,
        "mentions Metaflow but is too large to be a flow",
        f"Move its data into a file of another kind, or {EXCLUDE}.",
    )
