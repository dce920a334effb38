"""The runtime's modules as one text, for the end of a generated file."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from metaflow_prefect.runtime import METAFLOW_SIDE, PREFECT_SIDE

LINE_LENGTH = 88


@dataclass(frozen=True)
class Embedded:
    """The runtime's text and what it imports.

    Args:
        imports: For each imported module the names taken from it; `None` among them
            stands for the module itself.
        prefect_side: The text of the Prefect side.
        metaflow_side: The text of the Metaflow side.
        program: The program that loads the Metaflow side.
        names: The top-level names of both sides.
    """

    imports: tuple[tuple[str, tuple[str | None, ...]], ...]
    prefect_side: str
    metaflow_side: str
    program: str
    names: frozenset[str]


@cache
def embedded_runtime() -> Embedded:
    """Read the runtime's modules."""
    imports: dict[str, set[str | None]] = {}
    names: set[str] = set()
    sides = []
    for modules in (PREFECT_SIDE, METAFLOW_SIDE):
        parts = [_embed(_source(module), imports, names) for module in modules]
        sides.append("\n\n\n".join(parts))
    return Embedded(
        imports=tuple(
            (module, tuple(sorted(found, key=lambda name: name or "")))
            for module, found in sorted(imports.items())
        ),
        prefect_side=sides[0],
        metaflow_side=sides[1],
        program=_source("host.program"),
        names=frozenset(names),
    )


def _source(module: str) -> str:
    resource = files("metaflow_prefect.runtime").joinpath(f"{module.replace('.', '/')}.py")
    return resource.read_text(encoding="utf-8")


def _embed(source: str, imports: dict[str, set[str | None]], names: set[str]) -> str:
    """Return a module's text without its docstring and imports, which are collected."""
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree) or ""
    body_start = 0
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                imports.setdefault(alias.name, set()).add(None)
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                found = imports.setdefault(node.module or "", set())
                found.update(alias.name for alias in node.names)
        elif body_start == 0 and not _is_docstring(node, tree):
            body_start = _first_line(node, source)
        names.update(_names(node))
    comment = "\n".join(f"# {line}".rstrip() for line in docstring.splitlines())
    body = "\n".join(source.splitlines()[body_start - 1 :])
    gap = "\n\n\n" if body.startswith(("class ", "def ", "@")) else "\n\n"
    return f"{comment}{gap}{body}"


def _is_docstring(node: ast.stmt, tree: ast.Module) -> bool:
    return node is tree.body[0] and isinstance(node, ast.Expr)


def _first_line(node: ast.stmt, source: str) -> int:
    """Return the line that a statement begins on, its comments and decorators included."""
    decorators = getattr(node, "decorator_list", [])
    line: int = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    lines = source.splitlines()
    while lines[line - 2].startswith("#"):
        line -= 1
    return line


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        found = []
        for target in node.targets:
            found += [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
        return found
    return []


def import_lines(imports: dict[str, set[str | None]]) -> list[str]:
    """Write import statements in the formatter's way.

    Args:
        imports: For each module the names taken from it; `None` for the module itself.

    Returns:
        The lines, sorted.
    """
    plain = sorted(f"import {module}" for module, names in imports.items() if None in names)
    lines = []
    for module, names in sorted(imports.items()):
        wanted = sorted(name for name in names if name is not None)
        if not wanted:
            continue
        line = f"from {module} import {', '.join(wanted)}"
        if len(line) > LINE_LENGTH:
            line = "\n".join([f"from {module} import (", *(f"    {n}," for n in wanted), ")"])
        lines.append(line)
    return plain + lines
