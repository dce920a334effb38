"""Whether a flow's file does nothing but define things when it is run.

Such a file may be run once for all tasks of a run instead of once for each: nothing in
which two processes differ can have become part of what it leaves behind, nor has it
done anything that can be seen from outside. Its source alone tells, before it is run:
it imports, defines functions and classes, and computes constants. What it imports is
the standard library's, Metaflow's, or has been imported already.
"""

from __future__ import annotations

import ast
import builtins
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import PathFinder

# What may be called: it looks at no clock and no file, and calls no code of the user.
CALLED_BUILTINS = frozenset(
    {
        *("bool", "bytes", "classmethod", "dict", "enumerate", "float", "frozenset"),
        *("int", "len", "list", "max", "min", "object", "property", "range", "round"),
        *("set", "sorted", "staticmethod", "str", "sum", "tuple", "zip"),
    }
)
CALLED = frozenset(
    {
        *("collections.OrderedDict", "collections.namedtuple", "dataclasses.dataclass"),
        *("dataclasses.field", "datetime.date", "datetime.datetime"),
        *("datetime.timedelta", "enum.auto", "functools.cache", "functools.lru_cache"),
        *("logging.getLogger", "os.environ.get", "os.getenv", "os.path.basename"),
        *("os.path.dirname", "os.path.join", "pathlib.Path", "pathlib.PurePath"),
        *("re.compile", "typing.NewType", "typing.TypeVar"),
        *("metaflow.Parameter", "metaflow.card", "metaflow.catch"),
        *("metaflow.environment", "metaflow.project", "metaflow.resources"),
        *("metaflow.retry", "metaflow.schedule", "metaflow.secrets", "metaflow.step"),
        *("metaflow.timeout", "metaflow.trigger", "metaflow.trigger_on_finish"),
    }
)
# Each process has its own arguments and streams.
PROCESS_MODULES = frozenset({"sys", "builtins", "__main__"})
OWN = "__own__"  # what a name stands for to which the file has given another meaning
ACTING_MODULES = frozenset({"antigravity", "this", "__hello__", "__phello__"})
# Methods that Python or Metaflow calls while a class is made or a flow is loaded.
HOOKS = frozenset(
    {
        *("__dir__", "__getattr__", "__getattribute__", "__init__"),
        *("__init_subclass__", "__iter__", "__mro_entries__", "__new__"),
        *("__prepare__", "__set_name__", "__setattr__", "_generate_next_value_"),
    }
)


class ActingFileError(Exception):
    """A file does more than define things; the message says what."""


def check_definitions(source: bytes, flow: str, folder: str) -> None:
    """Look through the source of a flow's file.

    Args:
        source: The source.
        flow: The name of the class that the file starts as it is run.
        folder: The folder of the file.

    Raises:
        ActingFileError: It does more than define things.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ActingFileError("it is not understood") from error
    *definitions, start = tree.body or [ast.Pass()]
    if not _starts(start, flow):
        raise ActingFileError(f"it does not end with the start of {flow}")
    checked = _Definitions(folder)
    checked.statements(definitions)
    checked.check_hooks()


def _starts(node: ast.stmt, flow: str) -> bool:
    """Return whether a statement is `if __name__ == "__main__": Flow()`."""
    if not isinstance(node, ast.If) or node.orelse or len(node.body) != 1:
        return False
    condition = ast.unparse(node.test)
    return (
        condition == "__name__ == '__main__'"
        and ast.unparse(node.body[0]) == f"{flow}()"
    )


def _says_nothing(node: ast.stmt) -> bool:
    """Return whether a statement is `pass`, or text such as a docstring."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass) or is_text


def _is_standard(module: str) -> bool:
    """Return whether a module is Metaflow's or of the standard library."""
    top = module.partition(".")[0]
    return top == "metaflow" or top in sys.stdlib_module_names


class _Definitions:
    def __init__(self, folder: str) -> None:
        self._places = [folder, *sys.path]
        self._imported: dict[str, str] = {}  # by the name here, what it stands for
        self._bases: set[str] = set()
        self._hooked: dict[str, set[str]] = {}  # classes with hooks, and their bases
        self._classes: set[str] = set()

    def check_hooks(self) -> None:
        """Refuse hooks of a class that is made of, or into, another one."""
        for name, bases in self._hooked.items():
            if bases or name in self._bases:
                raise ActingFileError(f"class {name} has a method that is called early")

    def statements(self, body: Iterable[ast.stmt]) -> None:
        for node in body:
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._imports(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._function(node)
        elif isinstance(node, ast.ClassDef):
            self._class(node)
        elif isinstance(node, ast.Assign):
            self._targets(*node.targets)
            self._values(node.value)
        elif isinstance(node, ast.AnnAssign):
            self._targets(node.target)
            self._values(node.value, node.annotation)
        elif not _says_nothing(node) and not self._is_for_types(node):
            raise ActingFileError(f"line {node.lineno} does something")

    def _is_for_types(self, node: ast.stmt) -> bool:
        """Return whether a statement is `if TYPE_CHECKING: ...`, which is not run."""
        if not isinstance(node, ast.If) or node.orelse:
            return False
        return self._meaning(node.test) == "typing.TYPE_CHECKING"

    def _imports(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom):
            self._import_from(node)
            return
        for alias in node.names:
            self._import(alias.name)
            top = alias.name.partition(".")[0]
            self._imported[alias.asname or top] = alias.name if alias.asname else top

    def _import(self, name: str) -> None:
        top = name.partition(".")[0]
        if name in ACTING_MODULES:
            raise ActingFileError(f"{name} does something when it is imported")
        if top == "metaflow" or name in sys.modules or top in sys.builtin_module_names:
            return
        spec = PathFinder.find_spec(top, self._places)
        library = sysconfig.get_path("stdlib")
        found = str(spec and spec.origin)
        if top not in sys.stdlib_module_names or not found.startswith(library):
            raise ActingFileError(f"{name} is not of the standard library")

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            raise ActingFileError("it imports from its own package")
        self._import(module)
        for alias in node.names:
            whole = f"{module}.{alias.name}"
            if alias.name == "*" or PROCESS_MODULES.intersection(whole.split(".")):
                raise ActingFileError(f"it imports {alias.name} of {module}")
            if not _is_standard(module) and alias.name not in vars(sys.modules[module]):
                self._import(whole)
            self._imported[alias.asname or alias.name] = whole

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._decorators(node.decorator_list)
        self._means_own(node.name)
        of_arguments = node.args
        known = [
            *of_arguments.posonlyargs,
            *of_arguments.args,
            *of_arguments.kwonlyargs,
        ]
        known += [one for one in (of_arguments.vararg, of_arguments.kwarg) if one]
        values = [one.annotation for one in known] + [node.returns]
        values += [*of_arguments.defaults, *of_arguments.kw_defaults]
        self._values(*values)

    def _class(self, node: ast.ClassDef) -> None:
        self._decorators(node.decorator_list)
        bases = {self._meaning(base) for base in node.bases}
        for base in bases:
            is_ours = base in self._classes or hasattr(builtins, base)
            top = base.partition(".")[0]
            is_of_library = base.count(".") and top in sys.stdlib_module_names
            if not is_ours and not is_of_library and base != "metaflow.FlowSpec":
                raise ActingFileError(
                    f"class {node.name} is made of {base or 'something'}"
                )
        if node.keywords:
            raise ActingFileError(f"class {node.name} is made in a way of its own")
        self._means_own(node.name)
        self._classes.add(node.name)
        own = {base for base in bases if base in self._classes or "." in base}
        self._bases |= own
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        defined = {one.name for one in node.body if isinstance(one, functions)}
        if "__class_getitem__" in defined:
            raise ActingFileError(f"class {node.name} may be called early")
        if defined & HOOKS:
            self._hooked.setdefault(node.name, set()).update(own)
        self.statements(node.body)

    def _decorators(self, decorators: Iterable[ast.expr]) -> None:
        for decorator in decorators:
            if isinstance(decorator, ast.Call):
                self._value(decorator)
            else:
                self._callee(decorator)

    def _targets(self, *targets: ast.expr) -> None:
        for target in targets:
            if isinstance(target, ast.Tuple):
                self._targets(*target.elts)
            elif not isinstance(target, ast.Name):
                raise ActingFileError(f"line {target.lineno} changes something")
            else:
                self._means_own(target.id)

    def _means_own(self, name: str) -> None:
        """From now on, a name stands for something of the file's own."""
        if name in CALLED_BUILTINS or name in self._imported:
            self._imported[name] = f"{OWN}.{name}"

    def _values(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            if node is not None:
                self._value(node)

    def _value(self, node: ast.AST) -> None:
        """Refuse an expression whose value may differ between two processes."""
        if isinstance(node, ast.Lambda):
            self._values(*node.args.defaults, *node.args.kw_defaults)
            return
        if isinstance(node, ast.Call):
            self._callee(node.func)
            if "key" in {word.arg for word in node.keywords}:  # of sorted, max and min
                raise ActingFileError(f"line {node.lineno} calls a key")
            self._values(*node.args, *(word.value for word in node.keywords))
            return
        if isinstance(node, (ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)):
            raise ActingFileError(f"line {node.lineno} does something")
        if isinstance(node, ast.Name):
            self._name(node)
        if isinstance(node, ast.Attribute) and node.attr in PROCESS_MODULES:
            raise ActingFileError(f"line {node.lineno} looks at the process")
        # Backwards, as what a comprehension is made of comes before the names in it.
        for child in reversed(list(ast.iter_child_nodes(node))):
            self._value(child)

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):  # within a comprehension
            self._means_own(node.id)
        meaning = self._imported.get(node.id, "")
        if PROCESS_MODULES.intersection(meaning.split(".")):
            raise ActingFileError(f"line {node.lineno} looks at the process")

    def _callee(self, node: ast.expr) -> None:
        meaning = self._meaning(node)
        if meaning not in CALLED_BUILTINS and meaning not in CALLED:
            raise ActingFileError(f"line {node.lineno} calls {ast.unparse(node)}")

    def _meaning(self, node: ast.expr) -> str:
        """Return the whole name of what a name stands for; nothing if it is no name."""
        words = []
        while isinstance(node, ast.Attribute):
            words.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        words.append(self._imported.get(node.id, node.id))
        return ".".join(reversed(words))
