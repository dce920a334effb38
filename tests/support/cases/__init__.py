"""All cases, in one module for each group."""

from typing import Any
from zlib import crc32

import pytest

from support.case import Case
from support.cases import decorators, failure, graph, parameters, wild
from support.cases.everyday import EVERYDAY

CASES: tuple[Case, ...] = (
    *graph.CASES,
    *parameters.CASES,
    *failure.CASES,
    *decorators.CASES,
    *wild.CASES,
)


# Natively its run begins, and its first step cannot be imported; ours does not begin.
DIFFERENT_ON_PURPOSE = frozenset({"wild-package_relative"})
# Those whose runs are compared with native ones.
COMPARED = tuple(case for case in CASES if str(case) not in DIFFERENT_ON_PURPOSE)


def marked_cases() -> list[Any]:
    """Return all cases as parameters of a test, with the days on which it compares them."""
    return [pytest.param(case, id=str(case), marks=_days(case)) for case in COMPARED]


def _days(case: Case) -> list[pytest.MarkDecorator]:
    if str(case) not in EVERYDAY:
        return [pytest.mark.thorough]
    if case.group in ("graph", "failure"):
        return []
    return [pytest.mark.on_days("odd" if crc32(str(case).encode()) % 2 else "even")]
