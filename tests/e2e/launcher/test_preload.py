"""Modules that are imported once for all steps."""

import sys
from pathlib import Path

import pytest
from support.launched import prepare, start
from support.run import LIMIT


@pytest.mark.skipif(sys.platform != "linux", reason="steps are forked on Linux only")
def test_steps_share_the_import_of_a_preloaded_module(tmp_path: Path, prefect_api: str) -> None:
    prepare(tmp_path / "run", "preloaded.py")
    module = tmp_path / "run" / "slow_to_import.py"
    module.write_text("import os\n\nPROCESS = os.getpid()\n", encoding="utf-8")
    options = ("--preload=slow_to_import", "--preload=no.such.module")
    with start(tmp_path / "run", prefect_api, "warm", *options) as process:
        output, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, output
    assert "no.such.module could not be preloaded: ModuleNotFoundError" in output
    assert "start imported it itself: False" in output
    assert "all share one import: True" in output
