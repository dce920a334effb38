"""What the names of a module stand for, as written; nothing is resolved here."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Dotted: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """`import a.b` (which binds `a`), or `import a.b as c`."""

    module: Dotted


@dataclass(frozen=True, slots=True)
class ImportFrom:
    """`from ..a.b import name`; `level` counts the dots."""

    level: int
    module: Dotted
    name: str


@dataclass(frozen=True, slots=True)
class Alias:
    """`X = a.b`."""

    value: Dotted


@dataclass(frozen=True, slots=True)
class Other:
    """A function, or a value of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Written:
    """An expression used as base or decorator.

    Attributes:
        text: As it stands in the source, without arguments.
        dotted: The name that it consists of, or is a call or subscript of; empty if none.
        call: Whether it is a call.
        true: The keyword arguments that may be true.
    """

    text: str
    dotted: Dotted
    call: bool = False
    true: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """The last definition of a class's attribute.

    Attributes:
        name: The attribute.
        decorators: The decorators, if it is a function.
        next: The attributes of the object that a function names in calls of its `next`.
    """

    name: str
    decorators: tuple[Written, ...] = ()
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Class:
    """A class statement outside of functions and other classes.

    Attributes:
        path: The file.
        name: The name.
        line: The line, from 1.
        position: Where in the order of the module's statements it stands.
        certain: Whether no condition governs it.
        bases: The bases.
        decorators: The class's decorators.
        members: The attributes, each as it was last defined.
    """

    path: str
    name: str
    line: int
    position: int
    certain: bool
    bases: tuple[Written, ...]
    decorators: tuple[Written, ...]
    members: tuple[Member, ...]


Target: TypeAlias = Import | ImportFrom | Alias | Other | Class


@dataclass(frozen=True, slots=True)
class Binding:
    """One statement that gives a name its meaning, if a condition holds or always."""

    position: int
    certain: bool
    target: Target


@dataclass(slots=True)
class Module:
    """The names of one module.

    Attributes:
        path: The file.
        names: For each name its bindings, in the order of the source.
        stars: The star imports, whose `name` is `*`.
        classes: The classes, in the order of the source.
        exports: What `__all__` lists; None if there is none.
        open_exports: Whether `__all__` holds something that only running could tell.
    """

    path: str
    names: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[Binding] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    exports: set[str] | None = None
    open_exports: bool = False

    def exported(self, name: str) -> bool:
        """Say whether a star import of this module brings a name."""
        if self.open_exports:
            return True
        if self.exports is None:
            return not name.startswith("_")
        return name in self.exports

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding that comes after all others."""
        self.names.setdefault(name, []).append(binding)

    def named(self, name: str) -> Iterator[Binding]:
        """Give the bindings of a name and the star imports, the last first."""
        bindings = [*self.names.get(name, ()), *self.stars]
        return iter(sorted(bindings, key=lambda binding: -binding.position))


def written(node: ast.expr) -> Written:
    """Describe a base or a decorator.

    Args:
        node: The expression.

    Returns:
        Its name and, for a call, its keyword arguments.
    """
    if isinstance(node, ast.Call):
        return Written(
            text=ast.unparse(node.func),
            dotted=dotted(node.func),
            call=True,
            true=frozenset(
                keyword.arg
                for keyword in node.keywords
                if keyword.arg
                and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
            ),
        )
    if isinstance(node, ast.Subscript):
        return Written(text=ast.unparse(node), dotted=dotted(node.value))
    return Written(text=ast.unparse(node), dotted=dotted(node))


def dotted(node: ast.expr) -> Dotted:
    """Take a dotted name apart.

    Args:
        node: An expression.

    Returns:
        Its parts; none if it is something else than a dotted name.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ()
    return (node.id, *reversed(parts))
