"""A value that takes the place of one from a module that is not installed."""

import operator
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from dis import opname
from types import FrameType, FunctionType
from typing import Any

from metaflow_prefect.errors import FlowProblem

from mfp.convert.installed import installed_folders

_OPEN, _CLOSE = "\ue0f0", "\ue0f1"  # of a private area of Unicode: no text of a flow has them
_all: list["StandIn"] = []


class RefusedError(FlowProblem, TypeError):
    """A stand-in cannot be what is asked of it.

    A `TypeError` too, as of an object that has no length: `list` asks for one in vain.
    """


class StandIn:
    """Takes whatever a flow does with it at import, and knows where it came from.

    Args:
        name: Module and attributes, with dots between.
        what: What the flow has done with it since, as source.
    """

    _name: str
    _what: str
    _place: str
    _number: int

    def __init__(self, name: str, what: str = "") -> None:
        self.__dict__.update(_name=name, _what=what, _place=_place(), _number=len(_all))
        _all.append(self)

    def _more(self, what: str) -> "StandIn":
        return StandIn(self._name, f"{self._what}{what}")

    def __getattr__(self, name: str) -> "StandIn":
        if name[:2] == name[-2:] == "__" and name != "__version__":
            raise AttributeError(name)
        return self._more(f".{name}")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) == 1 and not named and isinstance(arguments[0], (FunctionType, type)):
            return arguments[0]  # used as a decorator
        if len(arguments) == 3 and isinstance(arguments[1], tuple):  # used as a metaclass
            return type(arguments[0], arguments[1], dict(arguments[2]))
        return self._more("()")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type]:
        def accept(*_: Any, **__: Any) -> None:
            """Take any arguments."""

        members = {
            "__init__": accept,
            "__init_subclass__": classmethod(accept),
            "__class_getitem__": classmethod(lambda cls, _: cls),
        }
        return (type(self._name.rpartition(".")[2], (), members),)

    def __str__(self) -> str:
        return f"{_OPEN}{self._number}{_CLOSE}"

    __repr__ = __str__

    def __format__(self, _: str) -> str:
        return str(self)

    __fspath__ = __str__

    def __iter__(self) -> Iterator[Any]:
        return iter([self._more(".__iter__()") for _ in range(_unpacked(sys._getframe(1)))])  # noqa: SLF001

    def __next__(self) -> "StandIn":
        return self._more(".__next__()")

    def __aiter__(self) -> AsyncIterator[Any]:
        async def once() -> AsyncIterator[Any]:
            yield self._more(".__aiter__()")

        return once()

    def __await__(self) -> Generator[None, None, "StandIn"]:
        yield from ()
        return self._more(".__await__()")

    def keys(self) -> tuple[str]:
        """Have one key, for `{**it}`; it is a text by which the stand-in is found again."""
        return (str(self._more(".keys()")),)

    # In the flow's own code, what a comparison gives comes from the stand-in, too. Libraries
    # compare to tell values apart.
    def __eq__(self, other: object) -> Any:
        return self._more(".__eq__()") if _is_asked_by_flow() else NotImplemented

    def __ne__(self, other: object) -> Any:
        return self._more(".__ne__()") if _is_asked_by_flow() else NotImplemented

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return True

    def __contains__(self, _: object) -> bool:
        return False

    def __enter__(self) -> "StandIn":  # noqa: PYI034  (3.10 has no Self)
        return self

    def __exit__(self, *_: object) -> None:
        """Let exceptions pass."""

    async def __aenter__(self) -> "StandIn":  # noqa: PYI034
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let exceptions pass."""

    def __delattr__(self, name: str) -> None:
        """Have nothing to delete."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forget the value."""

    def __delitem__(self, key: Any) -> None:
        """Have nothing to delete."""

    def __instancecheck__(self, _: object) -> bool:
        return False

    def __subclasscheck__(self, _: type) -> bool:
        return False

    def _number_of(self) -> Any:
        raise self._refused("a number is made of it")

    __int__ = __float__ = __index__ = __complex__ = __len__ = _number_of

    def __bytes__(self) -> bytes:
        raise self._refused("bytes are made of it")

    def _refused(self, why: str) -> RefusedError:
        module = self._name.partition(".")[0]
        return RefusedError(
            f"{self._name}{self._what} ({self._place}) comes from a module that is not "
            f"installed, and {why}.",
            f"Install {module}, or write the value itself into the flow.",
        )


def _operator(name: str) -> Any:
    def operate(self: StandIn, *_: Any) -> StandIn:
        return self._more(f".__{name}__()")

    return operate


_TWO = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod"),
    *("divmod", "pow", "lshift", "rshift", "and", "or", "xor"),
)
for _name in (
    *_TWO,
    *(f"r{name}" for name in _TWO),
    *(f"i{name}" for name in _TWO if name != "divmod"),
    *("lt", "le", "gt", "ge", "neg", "pos", "abs", "invert", "getitem", "reversed"),
    *("round", "trunc", "floor", "ceil"),
):
    setattr(StandIn, f"__{_name}__", _operator(_name))


def _unpacked(frame: FrameType) -> int:
    """Give the number of names to which a statement unpacks an iterable; 1 in all else."""
    code, place = frame.f_code.co_code, frame.f_lasti
    argument = code[place + 1]
    match opname[code[place]]:
        case "UNPACK_SEQUENCE":
            return argument
        case "UNPACK_EX":  # with a star; what stands before it, and after it
            after = code[place - 1] if opname[code[place - 2]] == "EXTENDED_ARG" else 0
            return argument + after + 1
    return 1


def _is_asked_by_flow() -> bool:
    name = sys._getframe(2).f_code.co_filename  # noqa: SLF001
    return not name.startswith((*installed_folders(), "<frozen"))


def refuse_in_values(values: Any, where: str, depth: int = 5) -> None:
    """Refuse a stand-in among values that go into the generated file.

    Args:
        values: A value, or containers of values.
        where: What they are, for the message.
        depth: How deep to look into containers.

    Raises:
        RefusedError: If there is one.
    """
    if isinstance(values, StandIn):
        raise values._refused(f"it is needed for {where}")  # noqa: SLF001
    if isinstance(values, str):
        refuse_in_text(values, where)
    elif depth and isinstance(values, dict):
        refuse_in_values([*values.keys(), *values.values()], where, depth - 1)
    elif depth and isinstance(values, (list, tuple, set, frozenset)):
        for value in values:
            refuse_in_values(value, where, depth - 1)


def refuse_in_text(text: str, where: str) -> None:
    """Refuse text that a stand-in was formatted into.

    Args:
        text: The text.
        where: What it is, for the message.

    Raises:
        RefusedError: If one was.
    """
    for one in _all:
        if str(one) in text or ascii(str(one))[1:-1] in text:
            raise one._refused(f"it is needed for {where}")  # noqa: SLF001


def _place() -> str:
    """Give the line of the flow's code that is at work."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    own = (__file__, operator.__file__)
    while frame is not None and (
        frame.f_code.co_filename in own
        or frame.f_code.co_filename.startswith("<frozen")
        or frame.f_globals.get("__name__") == "mfp.convert.loading.missing"
    ):
        frame = frame.f_back
    if frame is None:
        return "at import"
    return f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
