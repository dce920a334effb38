"""A process that a test leaves behind is found by the folder that it has to do with."""

import subprocess
import sys
from pathlib import Path

import pytest
from support import leftovers

SLEEP = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc"),
]


@pytest.mark.parametrize("told_by", ["cwd", "cmdline", "environ"])
def test_found_until_it_ends(told_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [str(tmp_path / "file")] if told_by == "cmdline" else []
    where = tmp_path if told_by == "cwd" else None
    variables = {"PLACE": f"{tmp_path}/x"} if told_by == "environ" else {}
    monkeypatch.setattr(leftovers, "ENDS", 0.0)
    with subprocess.Popen(
        [*SLEEP, *words],
        cwd=where,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # its command line can be read only some time after its start
        (name,) = leftovers.left_running(tmp_path)
        assert name.startswith(f"{process.pid}: ")
        assert not leftovers.left_running(tmp_path / "other")
    assert not leftovers.left_running(tmp_path)


def test_new_files_of_the_checkout_are_seen() -> None:
    before = leftovers.files_outside()
    path = Path(__file__).with_name("left-behind")
    path.touch()
    try:
        assert [path.name in line for line in leftovers.files_outside() - before] == [True]
    finally:
        path.unlink()
