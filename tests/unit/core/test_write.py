"""Writing: whole or not at all, and never over what is not ours."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest
from metaflow_prefect.errors import OutputProblem
from metaflow_prefect.generate.write import check_output, write_text
from support.run import LIMIT

GENERATED = f"# metaflow-prefect 1.0 SomeFlow {'0' * 16}\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "flow.py"
    path.write_text("flow")
    return path


def test_a_new_place_and_a_generated_file_are_taken(source: Path) -> None:
    output = source.with_name("out.py")
    check_output(output, source)
    output.write_text(GENERATED)
    check_output(output, source)


@pytest.mark.parametrize("how", ["same", "dotted", "symlink", "hardlink"])
def test_the_flows_own_file_is_refused(source: Path, how: str) -> None:
    output = source.with_name("other.py")
    if how == "same":
        output = source
    elif how == "dotted":
        output = source.parent / ".." / source.parent.name / source.name
    elif how == "symlink":
        output.symlink_to(source)
    else:
        output.hardlink_to(source)
    with pytest.raises(OutputProblem, match="the flow's own file"):
        check_output(output, source)


def test_a_folder_is_refused(source: Path) -> None:
    with pytest.raises(OutputProblem, match="is a folder"):
        check_output(source.parent, source)


def test_a_pipe_is_refused_rather_than_waited_for(source: Path) -> None:
    output = source.with_name("pipe")
    os.mkfifo(output)
    with pytest.raises(OutputProblem, match="not a regular file"):
        check_output(output, source)


def test_a_missing_folder_is_refused(source: Path) -> None:
    with pytest.raises(OutputProblem, match="does not exist"):
        check_output(source.parent / "missing" / "out.py", source)


@pytest.mark.parametrize(
    "text",
    ["", "print()\n", "# metaflow-prefecture of a town\n", "# metaflow-prefect is a package\n",
     f"\n{GENERATED}"],
    ids=["empty", "program", "longer-word", "a-note-on-us", "second-line"],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_refused(source: Path, text: str) -> None:
    output = source.with_name("out.py")
    output.write_text(text)
    with pytest.raises(OutputProblem, match="not made by metaflow-prefect"):
        check_output(output, source)


def test_a_file_is_written_once_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "out.py"
    assert write_text(path, "one")
    path.chmod(0o750)
    before = path.stat()
    assert not write_text(path, "one")
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert write_text(path, "zwei \u00fc")
    assert path.read_bytes() == "zwei \u00fc".encode()
    assert path.stat().st_mode & 0o777 == 0o750
    assert list(tmp_path.iterdir()) == [path]


LIMITED = """
import sys
from pathlib import Path
from metaflow_prefect.errors import OutputProblem
from metaflow_prefect.generate.write import write_text
try:
    write_text(Path(sys.argv[1]), "x" * 100_000)
except OutputProblem as problem:
    print(problem)
"""


@pytest.mark.process
@pytest.mark.parametrize("before", [None, "old"])
def test_nothing_is_half_written_when_the_disk_refuses(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "out.py"
    if before:
        path.write_text(before)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    ended = subprocess.run(
        [sys.executable, "-B", "-c", LIMITED, path],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert ended.stderr == ""
    assert "cannot be written: File too large." in ended.stdout
    assert [p.name for p in tmp_path.iterdir()] == (["out.py"] if before else [])
    assert not before or path.read_text() == before


def test_the_mask_of_the_process_is_never_changed(tmp_path: Path) -> None:
    """It is the whole process's: whatever other threads make meanwhile would have another mode."""
    mask = os.umask(0o027)
    called = []

    def note(_frame: FrameType, event: str, what: object) -> None:
        if event == "c_call":
            called.append(what)

    try:
        sys.setprofile(note)
        write_text(tmp_path / "out.py", "text")
    finally:
        sys.setprofile(None)
        os.umask(mask)
    assert os.umask not in called
    assert open in called
    assert (tmp_path / "out.py").stat().st_mode & 0o777 == 0o640
