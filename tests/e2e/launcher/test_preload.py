"""Modules that are imported once for all steps."""

import sys
from pathlib import Path

import pytest
from support.launched import prepare, start
from support.run import LIMIT


@pytest.mark.skipif(sys.platform != "linux", reason="steps are forked on Linux only")
@pytest.mark.parametrize("launcher", ["warm", "template"])
def test_steps_share_the_import_of_a_preloaded_module(
    tmp_path: Path, prefect_api: str, launcher: str
) -> None:
    prepare(tmp_path / "run", "preloaded.py")
    module = tmp_path / "run" / "slow_to_import.py"
    text = "import os\n\nPROCESS = os.getpid()\nos.environ['SET_BY_MODULE'] = 'yes'\n"
    module.write_text(text, encoding="utf-8")
    exits = module.with_name("exits.py")
    exits.write_text("raise SystemExit('not here')\n", encoding="utf-8")
    names = ("slow_to_import", "no.such.module", "exits", "numpy.random")
    options = [f"--preload={name}" for name in names]
    with start(tmp_path / "run", prefect_api, launcher, *options) as process:
        output, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, output
    assert "no.such.module could not be preloaded: ModuleNotFoundError" in output
    assert "exits could not be preloaded: SystemExit: not here" in output
    assert "start imported it itself: False" in output
    assert "start has its variable: yes" in output
    assert "all share one import: True" in output
    assert "all share one number: False" in output
