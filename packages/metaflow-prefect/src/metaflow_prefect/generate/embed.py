"""The runtime's modules as one text, for the end of a generated file."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from metaflow_prefect.runtime import LOADER, METAFLOW_SIDE, PREFECT_SIDE

LINE_LENGTH = 88
SECTIONS = ("Args:", "Attributes:", "Raises:", "Returns:", "Yields:")
Imports = dict[str, set[str | None]]
# Each begins by "# =====", at which the loader takes the file apart.
DIVIDERS = (
    "# ===== The loader of the runtime; from here on all files are the same " + "=" * 17,
    "# ===== Metaflow's side: run by processes of its own, which import Metaflow " + "=" * 11,
    "# ===== The Prefect side: run by the process that runs the Prefect flow " + "=" * 15,
)
# Runs the part of the generated file between the first two dividers. The current folder, which is
# first on the path, may have modules of any name.
LOADER_COMMAND = (
    r"exec('import sys; del sys.path[0]\n#' + open(__import__('sys').argv[1],"
    r" encoding='utf-8').read().split('\n# =====')[1], {'__name__': 'loader'})"
)
SIDES = """\
{loader}


{dividers[1]}

METAFLOW_SIDE = r'''{metaflow}'''


{dividers[2]}

PREFECT_SIDE = r'''{prefect}'''


runtime = load_runtime(__name__, METAFLOW_SIDE, PREFECT_SIDE)
MetaflowFlow, Step = runtime.MetaflowFlow, runtime.Step
main, run_flow = runtime.main, runtime.run_flow"""


@dataclass(frozen=True)
class Embedded:
    """The runtime as it stands in a generated file.

    Args:
        text: Its text.
        loader: The part of it that is code there.
        metaflow_side: The text of the module that Metaflow's processes load.
        prefect_side: The text of the module that the Prefect flow's process loads.
    """

    text: str
    loader: str
    metaflow_side: str
    prefect_side: str


@cache
def embedded_runtime() -> Embedded:
    """Read the runtime's modules."""
    loader = f"{DIVIDERS[0]}\n\n{_module((LOADER,), code=True)}"
    metaflow = _module(METAFLOW_SIDE)
    host = f'HOST = sys.executable, "-c", {LOADER_COMMAND!r}'
    prefect = _module(PREFECT_SIDE, head=host)
    text = SIDES.format(loader=loader, dividers=DIVIDERS, metaflow=metaflow, prefect=prefect)
    return Embedded(text, loader, metaflow, prefect)


def _module(modules: Sequence[str], *, head: str = "", code: bool = False) -> str:
    """Make one module of several."""
    found: Imports = {}
    bodies = [_body(module_source(module), found) for module in modules]
    lines = _import_lines({(module, name) for module, names in found.items() for name in names})
    future = "" if code else "from __future__ import annotations\n"
    parts = [part for part in (future, lines, head) if part]
    text = "\n\n".join([*(part.rstrip("\n") for part in parts), "\n\n\n".join(bodies)])
    return text if code else f"\n{text}\n"


def module_source(module: str) -> str:
    """Return the source of a module of the runtime.

    Args:
        module: Its name, relative to the runtime's package.
    """
    resource = files("metaflow_prefect.runtime").joinpath(f"{module.replace('.', '/')}.py")
    return resource.read_text(encoding="utf-8")


def _body(source: str, imports: Imports) -> str:
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
        lines.append(line)
    return lines


def _isort_key(name: str) -> tuple[bool, bool, str]:
    """Return what sorts constants before classes, and these before the rest."""
    return not name.isupper(), not name[0].isupper(), name
