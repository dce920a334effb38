"""Tests of a group are run by one process, also where only a number of these is given."""

import os

import pytest


@pytest.mark.xdist_group("kept-together")
def test_the_group_of_a_test_is_known_to_xdist(request: pytest.FixtureRequest) -> None:
    in_process_of_xdist = "PYTEST_XDIST_WORKER" in os.environ
    assert request.node.nodeid.endswith("@kept-together") == in_process_of_xdist
