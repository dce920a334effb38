"""All cases, in one module for each group."""

from support.case import Case
from support.cases import decorators, failure, graph, parameters, wild

CASES: tuple[Case, ...] = (
    *graph.CASES,
    *parameters.CASES,
    *failure.CASES,
    *decorators.CASES,
    *wild.CASES,
)
