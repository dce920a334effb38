"""What is taken out of a run's text, and what is not."""

from pathlib import Path

import pytest
from support.normalise import Normaliser

NORMALISER = Normaliser(
    folder=Path("/some/folder"),
    run_id="1795336149143156",
    keys={"body/3": "body[1]", "body/31": "body[2]", "nodes/2_node_1": "nodes[1]"},
)
FRAMES = """Traceback (most recent call last):
  File "/lib/metaflow/task.py", line 1, in run_step
    self._exec()
    ^^^^^^^^^^^^
  File "/some/folder/flow.py", line 2, in body
    raise ValueError("x")
  File "<frozen runpy>", line 88, in _run_code
  File "/some/folder/flow_prefect.py", line 3, in _start
    start()
  File "<string>", line 1, in <module>
ValueError: x
after"""
OWN_FRAMES = """Traceback (most recent call last):
  File "<folder>/flow.py", line 2, in body
    raise ValueError("x")
ValueError: x
after"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("F/1795336149143156/body/3", "F/<run>/body[1]", id="task"),
        pytest.param("1795336149143156/body/31/0", "<run>/body[2]/0", id="longer id"),
        pytest.param("1795336149143156/nodes/2_node_1", "<run>/nodes[1]", id="node"),
        pytest.param("1795336149143156/other/9", "<run>/other/9", id="unknown task"),
        pytest.param("run 1795336149143156.", "run <run>.", id="run"),
        pytest.param("/some/folder/.metaflow", "<folder>/.metaflow", id="folder"),
        pytest.param("<object at 0x7f00deadbeef>", "<object at 0x...>", id="address"),
        pytest.param("date:2020-02-29", "date:...", id="date tag"),
        pytest.param("2020-02-29 10:11:12.123 Step x", "<time> Step x", id="time"),
        pytest.param(FRAMES, OWN_FRAMES, id="frames"),
        pytest.param(
            FRAMES.replace("\n", "\n>  "), OWN_FRAMES.replace("\n", "\n>  "), id="printed frames"
        ),
        pytest.param(
            FRAMES.replace("\n", "\n    >  "),
            OWN_FRAMES.replace("\n", "\n    >  "),
            id="printed and indented frames",
        ),
        pytest.param("3 tasks on 2020-02-29, 0x1f", "3 tasks on 2020-02-29, 0x1f", id="kept"),
        pytest.param("\n\n  indented\t\r\n", "\n\n  indented\t\r\n", id="white space"),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert NORMALISER.text(text) == expected
