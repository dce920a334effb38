"""Read the bindings of a module from its syntax tree."""

import ast
from collections.abc import Iterator
from typing import TypeGuard

from mfp.discover.names.bindings import (
    Alias,
    Binding,
    Class,
    Import,
    ImportFrom,
    Member,
    Module,
    Other,
    Target,
    dotted,
    written,
)


def collect(tree: ast.Module, path: str) -> Module:
    """Read what the names of a module stand for.

    Args:
        tree: The module's tree.
        path: The file, to which the module's relative imports are relative.

    Returns:
        Its bindings, in the order of the source.
    """
    module = Module(path)
    for position, (statement, certain) in enumerate(statements(tree.body)):
        match statement:
            case ast.Import() | ast.ImportFrom():
                _import(module, statement, position, certain)
            case ast.ClassDef():
                found = _class(statement, path, position, certain)
                module.classes.append(found)
                module.bind(found.name, Binding(position, certain, found))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                module.bind(statement.name, Binding(position, certain, Other()))
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Expr():
                _exports(module, statement)
                for name, target, sure in _assigned(statement):
                    module.bind(name, Binding(position, certain and sure, target))
            case _:
                pass
    return module


def statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """Walk the statements that run when a module or class is defined.

    Args:
        body: The statements of a module or class.

    Yields:
        Each statement, those in blocks too, and whether it runs in any case. What stands under
        `if TYPE_CHECKING` does not run.
    """
    pending = [(iter(body), True)]
    while pending:
        block, certain = pending[-1]
        statement = next(block, None)
        if statement is None:
            pending.pop()
            continue
        yield statement, certain
        for inner, sure in reversed(list(_blocks(statement))):
            pending.append((iter(inner), certain and sure))


def _blocks(statement: ast.stmt) -> Iterator[tuple[list[ast.stmt], bool]]:
    """Give the blocks of a compound statement, and whether each runs in any case."""
    match statement:
        case ast.If():
            known = _known(statement.test)
            if known is not False:
                yield statement.body, known is True
            if known is not True:
                yield statement.orelse, known is False
        case ast.With() | ast.AsyncWith():
            yield statement.body, True
        case ast.For() | ast.AsyncFor() | ast.While():
            yield statement.body, False
            yield statement.orelse, False
        case ast.Match():
            for case in statement.cases:
                yield case.body, False
        case _ if _is_try(statement):
            yield statement.body, False
            for handler in statement.handlers:
                yield handler.body, False
            yield statement.orelse, False
            yield statement.finalbody, True
        case _:
            pass


def _is_try(statement: ast.stmt) -> TypeGuard[ast.Try]:
    """Recognise `try`, and from Python 3.11 on `try` with `except*`."""
    return type(statement).__name__ in {"Try", "TryStar"}


def _known(test: ast.expr) -> bool | None:
    """Tell the value of a condition if it is a constant or `TYPE_CHECKING`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        value = _known(test.operand)
        return None if value is None else not value
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if dotted(test)[-1:] == ("TYPE_CHECKING",):
        return False
    return None


def _import(
    module: Module, statement: ast.Import | ast.ImportFrom, position: int, certain: bool
) -> None:
    """Bind what an import statement binds."""
    for alias in statement.names:
        target: Import | ImportFrom
        if isinstance(statement, ast.Import):
            parts = tuple(alias.name.split("."))
            target = Import(parts if alias.asname else parts[:1])
            name = alias.asname or parts[0]
        else:
            source = tuple(statement.module.split(".")) if statement.module else ()
            target = ImportFrom(statement.level, source, alias.name)
            name = alias.asname or alias.name
        binding = Binding(position, certain, target)
        if name == "*":
            module.stars.append(binding)
        else:
            module.bind(name, binding)


def _class(statement: ast.ClassDef, path: str, position: int, certain: bool) -> Class:
    """Describe a class."""
    members: dict[str, Member] = {}
    for inner, _ in statements(statement.body):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            found = {inner.name: _function(inner)}
        elif isinstance(inner, ast.ClassDef):
            found = {inner.name: Member(inner.name)}
        else:
            found = {name: Member(name) for name, _, _ in _assigned(inner)}
        for name in found:
            members.pop(name, None)
        members.update(found)
    return Class(
        path=path,
        name=statement.name,
        line=statement.lineno,
        position=position,
        certain=certain,
        bases=tuple(written(base) for base in statement.bases),
        decorators=tuple(written(node) for node in statement.decorator_list),
        members=tuple(members.values()),
    )


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Member:
    """Describe a method; only one with decorators can be a step."""
    decorators = tuple(written(one) for one in node.decorator_list)
    arguments = [*node.args.posonlyargs, *node.args.args]
    itself = arguments[0].arg if arguments and decorators else ""
    return Member(node.name, decorators, tuple(_next(node, itself)) if itself else ())


def _next(node: ast.AST, itself: str) -> Iterator[str]:
    """Give what `self.next(self.a, self.b)` and `self.next({"x": self.a}, …)` name."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and dotted(call.func) == (itself, "next"):
            for argument in call.args:
                values = argument.values if isinstance(argument, ast.Dict) else [argument]
                for parts in map(dotted, values):
                    if len(parts) == 2 and parts[0] == itself:
                        yield parts[1]


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, Target, bool]]:
    """Give the names that an assignment binds, each value it may have, and whether it must."""
    match statement:
        case ast.Assign():
            for target in statement.targets:
                yield from _paired(target, statement.value)
        case ast.AnnAssign(value=ast.expr() as value):
            yield from _paired(statement.target, value)
        case _:
            pass


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Target, bool]]:
    match target, value:
        case ast.Name(id=name), ast.IfExp():
            for branch in (value.body, value.orelse):
                yield name, _value(branch), False
        case ast.Name(id=name), _:
            yield name, _value(value), True
        case ((ast.Tuple() | ast.List()), (ast.Tuple() | ast.List())):
            if len(target.elts) == len(value.elts):
                for one, its in zip(target.elts, value.elts, strict=True):
                    yield from _paired(one, its)
        case _:
            pass


def _value(node: ast.expr) -> Target:
    parts = dotted(node)
    return Alias(parts) if parts else Other()


def _exports(module: Module, statement: ast.stmt) -> None:
    """Follow `__all__ = […]`, `__all__ += […]`, `__all__.extend([…])`, `__all__.append(…)`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
            module.exports = set()
        case ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value):
            module.exports = set()
        case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
            pass
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id="__all__"), attr="extend" | "append" as how),
                args=[value],
            )
        ):
            value = ast.List(elts=[value]) if how == "append" else value
        case _:
            return
    names = _strings(value)
    if names is None:
        module.open_exports = True
    else:
        module.exports = (module.exports or set()) | names


def _strings(node: ast.expr) -> set[str] | None:
    """Read a list of literal strings; None if it is anything else."""
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    names = {item.value for item in node.elts if isinstance(item, ast.Constant)}
    strings = {name for name in names if isinstance(name, str)}
    literal = all(isinstance(item, ast.Constant) for item in node.elts)
    return strings if literal else None
