"""All cases, in one module for each group."""

from typing import Any

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
    """Return all cases as parameters of a test, those that are not of every day marked so."""
    return [
        pytest.param(
            case,
            id=str(case),
            marks=[] if str(case) in EVERYDAY else [pytest.mark.thorough],
        )
        for case in COMPARED
    ]
