"""Follow names through the modules of a repository to classes and to Metaflow."""

import builtins
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from mfp.discover.names.bindings import (
    Alias,
    Binding,
    Class,
    Dotted,
    Import,
    ImportFrom,
    Module,
    Other,
)
from mfp.discover.names.modules import Finder, Place
from mfp.discover.names.symbols import FLOW_SPEC, TELLING_NAMES, Foreign, Metaflow, Symbol, Unknown

END = sys.maxsize
Request: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a class comes from.

    Attributes:
        order: The class and those of its bases that are in the repository, in the order in which
            Python looks for an attribute.
        flow: Whether it derives from Metaflow's `FlowSpec`.
        unknown: Whether a base is not in the repository, nor known not to matter.
    """

    order: tuple[Class, ...]
    flow: bool
    unknown: bool


@dataclass(slots=True)
class Resolver:
    """Answers what names stand for.

    Args:
        load: Gives the bindings of a file; None if it cannot be read.
        finder: Finds the files of modules.
    """

    load: Callable[[str], Module | None]
    finder: Finder
    _lineages: dict[tuple[str, int], Lineage] = field(default_factory=dict)
    _open: set[Request] = field(default_factory=set)

    def expression(self, parts: Dotted, path: str, before: int = END) -> Symbol:
        """Resolve a dotted name.

        Args:
            parts: The name; none for an expression that is no name.
            path: The file that it stands in.
            before: The position before which names must have been bound.

        Returns:
            What it stands for.
        """
        if not parts:
            return Unknown()
        symbol = self.lookup(parts[0], path, before)
        if symbol is None:
            symbol = Foreign() if hasattr(builtins, parts[0]) else Unknown(parts[0])
        for part in parts[1:]:
            symbol = self._attribute(symbol, part)
        return symbol

    def lookup(self, name: str, path: str, before: int = END) -> Symbol | None:
        """Resolve a name of a module.

        Where conditions decide between several meanings, the one that makes most of a flow is
        taken: `try: from metaflow import FlowSpec` counts, whatever the `except` does.

        Args:
            name: The name.
            path: The module's file.
            before: The position before which it must have been bound.

        Returns:
            What it stands for; None if the module does not bind it.
        """
        module = self.load(path)
        request = (path, name, before)
        if module is None or request in self._open:
            return None
        self._open.add(request)
        try:
            candidates = list(self._candidates(module, name, before))
            return max(reversed(candidates), key=self._worth, default=None)
        finally:
            self._open.discard(request)

    def lineage(self, found: Class) -> Lineage:
        """Resolve the bases of a class, and theirs.

        Args:
            found: The class.

        Returns:
            Its lineage.
        """
        key = (found.path, found.position)
        if key not in self._lineages:
            self._lineages[key] = Lineage((found,), flow=False, unknown=False)  # ends a cycle
            try:
                self._lineages[key] = self._derive(found)
            except RecursionError:
                del self._lineages[key]
                raise
        return self._lineages[key]

    def starred(self, module: Module) -> Iterator[Module]:
        """Follow the star imports of a module.

        Args:
            module: The importing module.

        Yields:
            The modules of the repository that it imports everything from.
        """
        for binding in module.stars:
            if isinstance(binding.target, ImportFrom):
                source = self._source(binding.target.level, binding.target.module, module.path)
                if isinstance(source, Place) and source.has_source:
                    found = self.load(source.path)
                    if found is not None:
                        yield found

    def _derive(self, found: Class) -> Lineage:
        orders: list[list[Class]] = []
        parents: list[Class] = []
        flow = unknown = False
        for base in found.bases:
            symbol = self.expression(base.dotted, found.path, found.position)
            if isinstance(symbol, Class):
                inherited = self.lineage(symbol)
                orders.append(list(inherited.order))
                parents.append(symbol)
                flow |= inherited.flow
                unknown |= inherited.unknown
            elif isinstance(symbol, Metaflow):
                flow |= symbol.name == FLOW_SPEC
            elif isinstance(symbol, Unknown | Place):
                unknown = True
        return Lineage((found, *_merge([*orders, parents])), flow, unknown)

    def _candidates(self, module: Module, name: str, before: int) -> Iterator[Symbol]:
        """Give what a name may stand for, the last binding first, up to one that must hold."""
        for binding in module.named(name):
            if binding.position >= before:
                continue
            symbol = self._bound(binding, name, module)
            if symbol is None:
                continue
            yield symbol
            if binding.certain:
                return

    def _bound(self, binding: Binding, name: str, module: Module) -> Symbol | None:
        match binding.target:
            case Class() as found:
                return found
            case Alias(value):
                return self.expression(value, module.path, binding.position)
            case Import(parts):
                return self._module(parts, module.path)
            case ImportFrom(level, source, "*"):
                return self._star(level, source, name, module.path)
            case ImportFrom(level, source, original):
                return self._from(level, source, original, module.path)
            case Other():
                return Foreign()

    def _module(self, parts: Dotted, importer: str) -> Symbol:
        if parts[0] == "metaflow":
            return Metaflow(parts[1:])
        place = self.finder.absolute(parts, importer)
        if place is not None:
            return place
        return Foreign() if parts[0] in sys.stdlib_module_names else Unknown(parts[-1])

    def _source(self, level: int, parts: Dotted, importer: str) -> Symbol:
        """Resolve what stands between `from` and `import`."""
        if not level:
            return self._module(parts, importer)
        return self.finder.relative(level, parts, importer) or Unknown()

    def _from(self, level: int, parts: Dotted, name: str, importer: str) -> Symbol:
        source = self._source(level, parts, importer)
        if isinstance(source, Unknown) and name in TELLING_NAMES:
            return Metaflow((name,))
        return self._attribute(source, name)

    def _star(self, level: int, parts: Dotted, name: str, importer: str) -> Symbol | None:
        source = self._source(level, parts, importer)
        if isinstance(source, Metaflow):
            return Metaflow((name,)) if name in {"FlowSpec", "step"} else None
        if not isinstance(source, Place) or not source.has_source:
            return None
        module = self.load(source.path)
        if module is None or not module.exported(name):
            return None
        symbol = self.lookup(name, source.path)
        if symbol is None and source.package and module.exports and name in module.exports:
            return self.finder.submodule(source.package, (name,))
        return symbol

    def _attribute(self, symbol: Symbol, name: str) -> Symbol:
        match symbol:
            case Metaflow(parts):
                return Metaflow((*parts, name))
            case Place(path, package):
                bound = self.lookup(name, path) if symbol.has_source else None
                if bound is None and package:
                    bound = self.finder.submodule(package, (name,))
                return bound or Unknown(name)
            case Foreign():
                return symbol
            case _:
                return Unknown(name)

    def _worth(self, symbol: Symbol) -> int:
        match symbol:
            case Class():
                return 4 if self.lineage(symbol).flow else 1
            case Metaflow():
                return 3
            case Unknown() | Place():
                return 2
            case _:
                return 0


def _merge(orders: list[list[Class]]) -> list[Class]:
    """Merge the orders of the bases as Python does (C3); depth first where Python would refuse."""
    if len(orders) <= 2:  # no base, or one: its order and itself
        return orders[0]
    merged: list[Class] = []
    pending = [order for order in orders if order]
    while pending:
        later = {id(one) for order in pending for one in order[1:]}
        heads = [order[0] for order in pending]
        head = next((head for head in heads if id(head) not in later), heads[0])
        merged.append(head)
        remaining = [[one for one in order if one is not head] for order in pending]
        pending = [order for order in remaining if order]
    return merged
