"""Find the file of a module of the repository, as Python would with the usual `sys.path`."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mfp.discover.files.ignore import repository_top
from mfp.discover.names.bindings import Dotted


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module is.

    Attributes:
        path: Its file; for a package without `__init__.py`, the folder.
        package: The folder that its submodules are in; none if it is not a package.
    """

    path: str
    package: str | None

    @property
    def has_source(self) -> bool:
        """Whether there is a file to read."""
        return self.path != self.package


@dataclass(slots=True)
class Finder:
    """Finds modules.

    An absolute import is looked for in the folder of the importing file (which is what
    `python flow.py` puts first), then in each folder above it up to the top of its git
    repository and in the `src` of each, then in the folders and `src` folders of the
    repository's distributions, the nearest first.

    Args:
        root: The absolute path of the highest folder to look in outside of git repositories.
        distributions: The folders that hold a distribution's settings.
    """

    root: str
    distributions: tuple[str, ...] = ()
    _found: dict[str, Place | None] = field(default_factory=dict)
    _roots: dict[tuple[Path, Path], tuple[str, ...]] = field(default_factory=dict)

    def absolute(self, module: Dotted, importer: str) -> Place | None:
        """Find a module by its full name.

        Args:
            module: The parts of its name.
            importer: The file that imports it.

        Returns:
            Where it is; None if it is not in the repository.
        """
        namespace = None
        for root in self._roots_of(importer):
            place = self.submodule(root, module)
            if place is not None and place.has_source:
                return place
            namespace = namespace or place
        return namespace

    def relative(self, level: int, module: Dotted, importer: str) -> Place | None:
        """Find a module by a name that begins with dots.

        Args:
            level: The number of dots.
            module: The parts of the name after them.
            importer: The file that imports it.

        Returns:
            Where it is; None if it does not exist.
        """
        folder = Path(importer).parent
        for _ in range(level - 1):
            folder = folder.parent
        return self.submodule(str(folder), module)

    def submodule(self, folder: str, module: Dotted) -> Place | None:
        """Find a module below a folder.

        Args:
            folder: The absolute path of the folder.
            module: The parts of the name; none for the folder itself as a package.

        Returns:
            Where it is; None if it does not exist.
        """
        path = os.path.join(folder, *module)  # noqa: PTH118  (called too often for pathlib)
        if path not in self._found:
            self._found[path] = _place(path)
        return self._found[path]

    def _roots_of(self, importer: str) -> tuple[str, ...]:
        folder = Path(importer).parent
        unlinked = Path(os.path.realpath(importer)).parent
        if (folder, unlinked) not in self._roots:
            roots = dict.fromkeys(self._ordered_roots(folder, unlinked))
            self._roots[folder, unlinked] = tuple(map(str, roots))
        return self._roots[folder, unlinked]

    def _ordered_roots(self, folder: Path, unlinked: Path) -> Iterator[Path]:
        yield unlinked
        top = Path(repository_top(str(folder)) or self.root)
        above = [one for one in (folder, *folder.parents) if one.is_relative_to(top)] or [folder]
        for root in (*above, *_by_nearness(self.distributions, str(folder))):
            yield root
            yield root / "src"


def _place(path: str) -> Place | None:
    """Find out what `import` would find at a path without suffix."""
    initial = f"{path}/__init__.py"
    try:
        if Path(initial).is_file():
            return Place(initial, path)
        if Path(f"{path}.py").is_file():
            return Place(f"{path}.py", None)
        if Path(path).is_dir():
            return Place(path, path)
    except (OSError, ValueError):  # a name too long for a file, or with a null in it
        return None
    return None


def _by_nearness(folders: Iterable[str], folder: str) -> list[Path]:
    """Sort folders by how much of their path they share with one, then by name."""

    def distance(other: str) -> tuple[int, str]:
        return -len(os.path.commonpath([folder, other])), other

    return [Path(one) for one in sorted(folders, key=distance)]
