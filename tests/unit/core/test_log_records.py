"""Lines become fewer records where the server does not keep up."""

from metaflow_prefect.runtime.flow_run.log_records import (
    JOINED_LENGTH,
    JOINED_LINES,
    LeveledLine,
    joined,
)

INFO, ERROR = 20, 40


def test_neighbours_of_a_level_are_one_record_and_no_line_is_lost() -> None:
    lines: list[LeveledLine] = [(INFO, f"line {n}", n) for n in range(2 * JOINED_LINES + 5)]
    lines[7:7] = [(ERROR, "two\nlines", 7)]
    found = joined(lines)
    assert "\n".join(text for _, text, _ in found) == "\n".join(text for _, text, _ in lines)
    assert [(level, at) for level, _, at in found] == [
        (INFO, 0),
        (ERROR, 7),
        (INFO, 7),
        (INFO, 7 + JOINED_LINES),
    ]


def test_long_lines_stay_alone() -> None:
    lines: list[LeveledLine] = [(INFO, "x" * JOINED_LENGTH, n) for n in range(3)]
    assert joined(lines) == lines
    assert joined([]) == []
