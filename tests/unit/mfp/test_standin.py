"""What a flow may do with a stand-in, and that what comes of it is known to come from one."""

import asyncio
import copy
import math
import operator
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mfp.convert.loading.standin import RefusedError, StandIn, refuse_in_values

TWO = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv"),
    *("mod", "pow", "lshift", "rshift", "and_", "or_", "xor"),
)
IN_PLACE = [
    "iadd",
    "isub",
    "imul",
    "imatmul",
    "itruediv",
    "ifloordiv",
    "imod",
    "ipow",
    "ilshift",
    "irshift",
    "iand",
    "ior",
    "ixor",
]
ONE = ["neg", "pos", "abs", "invert"]
COMPARED = ["eq", "ne", "lt", "le", "gt", "ge"]


def _after(name: str) -> Callable[[Any], Any]:
    return lambda it: getattr(operator, name)(it, 2)


def _before(name: str) -> Callable[[Any], Any]:
    return lambda it: getattr(operator, name)(2, it)


async def _awaited(it: Any) -> Any:
    return await it


async def _entered(it: Any) -> Any:
    async with it as found:
        return found


async def _looped(it: Any) -> Any:
    return [one async for one in it]


def _unpacked(it: Any) -> Any:
    a, (b, c), *rest, d = it
    assert all(isinstance(one, StandIn) for one in (a, b, c, *rest, d))
    e, f = g = it
    return [a, b, c, rest, d, e, f, g]


def _looped_over(it: Any) -> Any:
    (one,) = [(key, value) for key, value in it]
    return one


KEPT: dict[str, Callable[[Any], Any]] = {
    **{name: _after(name) for name in (*TWO, *IN_PLACE, *COMPARED)},
    **{f"r{name}": _before(name) for name in TWO},
    **{name: getattr(operator, name) for name in ONE},
    "divmod": lambda it: divmod(it, 2),
    "rdivmod": lambda it: divmod(2, it),
    "pow_modulo": lambda it: pow(it, 2, 3),
    "round": round,
    "round_to": lambda it: round(it, 2),
    "trunc": math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
    "reversed": reversed,
    "next": next,
    "list": list,
    "star": lambda it: [*it],
    "mapping": lambda it: {**it},
    "update": lambda it: {"a": 1} | {**it},
    "unpacked": _unpacked,
    "looped_over": _looped_over,
    "item": lambda it: it["a", 1:2],
    "format": lambda it: f"{it:>10.2f} {it!r} {it!s}",
    "percent": lambda it: "%s" % it,  # noqa: UP031
    "text": str,
    "path": os.fspath,
    "path_below": lambda it: str(Path(it) / "x"),
    "join": lambda it: os.path.join("a", it),  # noqa: PTH118
    "await": lambda it: asyncio.run(_awaited(it)),
    "async_with": lambda it: asyncio.run(_entered(it)),
    "async_for": lambda it: asyncio.run(_looped(it)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "sum": lambda it: sum([it, 2]),
    "sorted": lambda it: sorted([it, it.b, 3]),
}
REFUSED = (int, float, complex, len, operator.index, bytes, range, math.sqrt)


@pytest.mark.parametrize("name", KEPT)
def test_what_comes_of_it_is_known(name: str) -> None:
    result = KEPT[name](StandIn("nowhere.a"))
    with pytest.raises(RefusedError, match=r"nowhere\.a\b.*test_standin\.py"):
        refuse_in_values(result, "a test")


@pytest.mark.parametrize("made", REFUSED)
def test_what_would_lose_it_is_refused(made: Callable[[Any], Any]) -> None:
    with pytest.raises(RefusedError, match=r"nowhere\.a\b"):
        made(StandIn("nowhere.a"))


def test_nothing_is_deleted_and_libraries_tell_them_apart() -> None:
    one: Any = StandIn("nowhere.a")
    other = StandIn("nowhere.b")
    del one.x, one["y"]
    assert len({one, other, one}) == 2
    assert [one, other].index(one) == 0
