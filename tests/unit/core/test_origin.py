"""Whether the process of an earlier run is gone, as far as that can be told from here."""

import os
from dataclasses import replace

import pytest
from metaflow_prefect.runtime.host.origin import ProcessMark

HERE = ProcessMark("boot 2, pid:[1]", "box", 7, "100", "installation")


@pytest.mark.parametrize(
    ("mark", "here", "ended"),
    [
        (replace(HERE, machine="boot 1"), HERE, True),
        (replace(HERE, machine="boot 1", host="twin"), HERE, None),
        (replace(HERE, machine="boot 1", system="other"), HERE, None),
        # containers of one image; and what was noted before machines were told apart
        (replace(HERE, machine="boot 1", system=""), replace(HERE, system=""), None),
        (ProcessMark("boot 1", "box", 7, "100"), HERE, None),
    ],
    ids=["rebooted", "other-host", "other-system", "containers", "earlier-version"],
)
def test_of_another_boot(mark: ProcessMark, here: ProcessMark, ended: bool | None) -> None:
    assert mark.has_ended(here) is ended


@pytest.mark.process
def test_of_this_machine() -> None:
    own = ProcessMark.own()
    assert own.pid == os.getpid()
    assert own.has_ended(own) is False
    assert replace(own, started="another time").has_ended(own) is True
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    assert replace(own, pid=gone).has_ended(own) is True
