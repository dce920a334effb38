"""Modules that stand in for those that are not installed."""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType

from mfp.convert.installed import installed_folders
from mfp.convert.loading.standin import StandIn

_stood_in_for: set[str] = set()


class _StandInModule(ModuleType):
    """A module that has any attribute."""

    def __getattr__(self, name: str) -> StandIn:
        if name[:2] == name[-2:] == "__" and name != "__version__":
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")


class _Missing(MetaPathFinder, Loader):
    """Finds what nobody else found, for the repository's own code only.

    A library that asks for an optional dependency must not get a stand-in: it can do without.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        parent = sys.modules.get(top)
        if parent is not None and not isinstance(parent, _StandInModule):
            return None
        if top in sys.stdlib_module_names or not _asked_by_repository():
            return None
        if "." not in fullname and PathFinder.find_spec(fullname) is not None:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        _stood_in_for.add(spec.name.partition(".")[0])
        return _StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty: it makes its attributes up."""


def stand_in_for_missing() -> None:
    """Have imports of modules that are not installed succeed in this process."""
    sys.meta_path.append(_Missing())


def modules_stood_in_for() -> tuple[str, ...]:
    """Give the modules that were imported though they are not installed, without submodules."""
    return tuple(sorted(_stood_in_for))


def _asked_by_repository() -> bool:
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None:
        name = frame.f_code.co_filename
        if name != __file__ and not name.startswith("<frozen importlib"):
            return not name.startswith((*installed_folders(), "<frozen"))
        frame = frame.f_back
    return False
