"""The runtime's modules as one text, for the end of a generated file."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from metaflow_prefect.runtime import LOADER, METAFLOW_SIDE, PREFECT_SIDE

LINE_LENGTH = 88
SECTIONS = ("Args:", "Attributes:", "Raises:", "Returns:", "Yields:")
Imports = dict[str, set[str | None]]
# Each begins by "# =====", at which the loader takes the file apart.
DIVIDERS = (
    "# ===== The loader of Metaflow's side; from here on all files are the same " + "=" * 12,
    "# ===== Metaflow's side: run by processes of its own, which import Metaflow " + "=" * 11,
    "# ===== The Prefect side: run by the process that runs the Prefect flow " + "=" * 15,
)
# What the Prefect side finds imported, as the flow's own part needs it.
BOUND = ("State",)


@dataclass(frozen=True)
class Embedded:
    """The runtime as it stands in a generated file.

    Args:
        text: Its text.
        names: The top-level names in it, imported ones included.
    """

    text: str
    names: frozenset[str]


@cache
def embedded_runtime() -> Embedded:
    """Read the runtime's modules."""
    names: set[str] = set()
    known: set[tuple[str, str | None]] = set()
    parts = []
    for divider, modules in zip(DIVIDERS, ((LOADER,), METAFLOW_SIDE, PREFECT_SIDE), strict=True):
        imports: Imports = {}
        # Metaflow's processes run their part alone.
        bound = BOUND if modules is PREFECT_SIDE else ()
        bodies = [_body(module_source(module), imports, names) for module in modules]
        found = {(module, name) for module, all_names in imports.items() for name in all_names}
        needed = _import_lines({one for one in found - known if one[1] not in bound})
        known |= found
        check = "check_prefect(__name__)\n\n" if modules is PREFECT_SIDE else ""
        parts.append(_section(divider, check + needed, bodies))
    names |= {module.split(".")[0] if name is None else name for module, name in known}
    return Embedded(text="\n\n\n".join(parts), names=frozenset(names))


def _section(divider: str, imports: str, bodies: list[str]) -> str:
    head = f"{divider}\n\n{imports}\n" if imports else f"{divider}\n"
    return "\n".join([head, "\n\n\n".join(bodies)])


def module_source(module: str) -> str:
    """Return the source of a module of the runtime.

    Args:
        module: Its name, relative to the runtime's package.
    """
    resource = files("metaflow_prefect.runtime").joinpath(f"{module.replace('.', '/')}.py")
    return resource.read_text(encoding="utf-8")


def _body(source: str, imports: Imports, names: set[str]) -> str:
    """Return a module's text without its docstring and imports, which are collected.

    Nor has it the sections of docstrings that say more of a signature: those are for whoever
    changes the runtime.
    """
    source = _without_sections(source)
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree) or ""
    body_start = 0
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                imports.setdefault(alias.name, set()).add(None)
        elif isinstance(node, ast.ImportFrom):
            if not node.level and node.module != "__future__":
                found = imports.setdefault(node.module or "", set())
                found.update(alias.name for alias in node.names)
        elif body_start == 0 and not _is_docstring(node, tree):
            body_start = _first_line(node, source)
        names.update(_names(node))
    comment = "\n".join(f"# {line}".rstrip() for line in docstring.splitlines())
    body = "\n".join(source.splitlines()[body_start - 1 :])
    gap = "\n\n\n" if body.startswith(("class ", "def ", "@")) else "\n\n"
    return f"{comment}{gap}{body}"


def _without_sections(source: str) -> str:
    """Cut docstrings off where their sections begin."""
    lines = source.splitlines()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    for node in sorted(nodes, key=lambda one: one.lineno, reverse=True):
        if ast.get_docstring(node) is None:
            continue
        first, last = node.body[0].lineno - 1, node.body[0].end_lineno or 0
        for number in range(first, last):
            if lines[number].strip() in SECTIONS:
                kept = "\n".join(lines[first:number]).rstrip()
                lines[first:last] = f'{kept}"""'.splitlines()
                break
    return "\n".join([*lines, ""])


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
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return []


def _import_lines(imports: set[tuple[str, str | None]]) -> str:
    """Write import statements as the formatter would; Prefect's come last.

    Args:
        imports: Modules with a name that is taken from them, or `None` for the module itself.
    """
    standard = {one for one in imports if one[0].split(".")[0] != "prefect"}
    blocks = [_block(standard), _block(imports - standard)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _block(imports: set[tuple[str, str | None]]) -> list[str]:
    lines = sorted(f"import {module}" for module, name in imports if name is None)
    for module in sorted({module for module, name in imports if name is not None}):
        names = sorted((n for m, n in imports if m == module and n), key=_isort_key)
        line = f"from {module} import {', '.join(names)}"
        if len(line) > LINE_LENGTH:
            line = "\n".join([f"from {module} import (", *(f"    {n}," for n in names), ")"])
        # The flow's own part takes some of them, too; but here they are needed by themselves.
        lines.append(f"{line}  # noqa: F811" if "Any" in names else line)
    return lines


def _isort_key(name: str) -> tuple[bool, bool, str]:
    """Return what sorts constants before classes, and these before the rest."""
    return not name.isupper(), not name[0].isupper(), name
