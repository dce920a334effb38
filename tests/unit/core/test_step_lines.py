"""What a step prints becomes records: a traceback is one, whoever prints it."""

import logging
from collections.abc import Iterable

from metaflow_prefect.runtime.flow_run.step_lines import Leveled, StepLines
from metaflow_prefect.runtime.flow_run.tracebacks import (
    place_of,
    printed_error,
    stored_error,
    user_lines,
)

METAFLOW = "/env/lib/python3.12/site-packages/metaflow"
OWN = [
    '  File "/home/me/nested.py", line 24, in evaluate',
    "    self.score = scores[*self.input]",
    "                 ~~~~~~^^^^^^^^^^^^^",
]
METAFLOWS = [f'  File "{METAFLOW}/task.py", line 113, in run_step', "    step_function()"]
HEAD = "Traceback (most recent call last):"
STORED = "\n".join([HEAD, *METAFLOWS, *OWN, "KeyError: 'boost'", ""])


def records(*lines: str, stream: str = "stderr") -> list[Leveled]:
    reader = StepLines(METAFLOW)
    found = [one for line in lines for one in reader.read(stream, line)]
    return [*found, *reader.end()]


def texts(found: Iterable[Leveled]) -> list[str]:
    return [text for _, text in found]


def test_levels() -> None:
    assert records("hello", stream="stdout") == [(logging.INFO, "hello")]
    assert records("hello") == [(logging.WARNING, "hello")]
    assert records("2026-11-24 10:00:00 - ERROR - bad") == [
        (logging.ERROR, "2026-11-24 10:00:00 - ERROR - bad")
    ]


def test_a_printed_traceback_is_one_error() -> None:
    found = records("before", HEAD, *METAFLOWS, *OWN, "KeyError: 'boost'", "after")
    assert found == [
        (logging.WARNING, "before"),
        (logging.ERROR, "\n".join([HEAD, *OWN, "KeyError: 'boost'"])),
        (logging.WARNING, "after"),
    ]


def test_a_chained_traceback_is_one_error() -> None:
    again = "During handling of the above exception, another exception occurred:"
    lines = [HEAD, *OWN, "KeyError: 1", "", again, "", HEAD, *OWN, "ValueError: 2"]
    assert records(*lines) == [(logging.ERROR, "\n".join(lines))]
    assert printed_error(lines).headline == "ValueError: 2"


def test_what_catch_prints_is_no_error() -> None:
    found = records(f">  {HEAD}", *(f">  {line}" for line in OWN), ">  KeyError: 1", "next")
    assert found == [
        (logging.WARNING, "\n".join([HEAD, *OWN, "KeyError: 1"])),
        (logging.WARNING, "next"),
    ]


def test_the_traceback_that_metaflow_keeps_replaces_what_it_prints() -> None:
    reader = StepLines(METAFLOW)
    main = [f'  File "{METAFLOW}/cli.py", line 9, in main', "    start(args)"]
    printed = [HEAD, *main, *METAFLOWS, *(line.replace("*", "") for line in OWN)]
    lines = ["mine", "<flow F step evaluate[2,3] (input: boost)> failed:", "    Internal error"]
    lines += [*printed, "KeyError: 'boost'", "", "a thread's last words", "Task failed."]
    found = [one for line in lines for one in reader.read("stderr", line)]
    error = stored_error(
        {"type": "builtins.KeyError", "message": "'boost'", "trace": STORED}, METAFLOW
    )
    found += reader.end(error, STORED)
    assert found == [
        (logging.WARNING, "mine"),
        (logging.DEBUG, "Task failed."),
        (logging.ERROR, "\n".join([HEAD, *OWN, "KeyError: 'boost'"])),
        (logging.WARNING, "a thread's last words"),
    ]
    assert list(reader.last_lines) == ["mine", "a thread's last words"]
    assert error.headline == "KeyError: 'boost'"
    assert error.place == "nested.py:24"


def test_the_traceback_of_another_node_stays() -> None:
    reader = StepLines(METAFLOW)
    own = [HEAD, *METAFLOWS, *(line.replace("*", "") for line in OWN), "KeyError: 'boost'", ""]
    node = [HEAD, '  File "node.py", line 3, in work', "AssertionError: node fails", ""]
    head = ["    Internal error"]
    lines = ["<flow F step work[1]> failed:", *head, *node]
    lines += ["<flow F step work[0]> failed:", *head, *own, "Task failed."]
    found = [one for line in lines for one in reader.read("stderr", line)]
    error = stored_error(
        {"type": "builtins.KeyError", "message": "'boost'", "trace": STORED}, METAFLOW
    )
    found += reader.end(error, STORED)
    assert (logging.ERROR, "\n".join([HEAD, *OWN, "KeyError: 'boost'"])) in found
    texts = [text for _, text in found]
    assert "AssertionError: node fails" in "\n".join(texts)
    assert sum("KeyError: 'boost'" in text for text in texts) == 1


def test_a_traceback_without_end_does_not_grow() -> None:
    reader = StepLines()
    found = reader.read("stderr", HEAD)
    for _ in range(10_000):
        found += reader.read("stderr", "    still")
    assert sum(text.count("\n") for text in texts(found)) < 10_000
    assert max(len(text) for text in texts(found)) < 20_000


def test_the_place_is_the_users_own_line() -> None:
    library = '  File "/env/lib/python3.12/site-packages/pandas/x.py", line 3, in f'
    assert place_of([*OWN, library]) == "nested.py:24"
    assert place_of([library]) == "x.py:3"
    assert place_of(['  File "/home/metaflow/flow.py", line 1, in a'], METAFLOW) == "flow.py:1"
    assert place_of(["no frame"]) == ""


def test_only_metaflows_frames_are_all_kept() -> None:
    lines = [HEAD, *METAFLOWS, "ValueError: x"]
    assert user_lines(lines, METAFLOW) == lines
