"""A repository of 150 flows of every construct: converted, checked, edited, pruned."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from support.mfp_command import mfp
from support.repository import flow_files, generate

GENERATED = "prefect_flows"
RUNTIME = b"\n# ===== "  # begins what is the same in all files
MAIN = b'\nif __name__ == "__main__":\n'


def generated(folder: Path) -> dict[str, bytes]:
    files = (folder / GENERATED).rglob("*.py")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.on_days("odd")
def test_whole_life(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    generate(folder, 150)
    count = len(flow_files(folder))
    assert count == 150

    first = mfp(folder, "convert-all")
    assert first.returncode == 0, first.stderr
    files = generated(folder)
    assert len(files) >= count
    assert first.stderr.splitlines()[-1] == f"{len(files)} converted, 0 unchanged, 0 failed."
    runtimes = set()
    for name, data in files.items():
        own, _, rest = data.partition(RUNTIME)
        runtime, _, ending = rest.rpartition(MAIN)
        compile(own + MAIN + ending, name, "exec")
        assert str(folder).encode() not in data
        runtimes.add(runtime)
    (runtime,) = runtimes  # to compile it takes long
    compile(b"from __future__ import annotations\n#" + runtime, "runtime", "exec")

    # A constant that several flows import, a flow, a team that has left, a file edited by hand.
    config = folder / "config.json"
    config.write_text(config.read_text().replace("{", '{"added": 1,', 1))
    renamed = folder / "team_1" / "linear.py"
    renamed.write_text(renamed.read_text().replace("Linear1Flow", "Straight1Flow"))
    shutil.rmtree(folder / "team_2")
    edited = folder / GENERATED / "team_1" / "loop_prefect.py"
    edited.write_bytes(edited.read_bytes() + b"# mine\n")
    before = generated(folder)

    check = mfp(folder, "convert-all", "--check")
    assert check.returncode == 4
    assert generated(folder) == before
    said = Counter(line.partition(":")[0] for line in check.stdout.splitlines())
    left = [name for name in files if name.startswith(f"{GENERATED}/team_2/")]
    assert said["removed"] == len(left)
    assert f"changed: {GENERATED}/team_1/linear_prefect.py" in check.stdout
    assert f"changed: {GENERATED}/team_1/configs_prefect.py" in check.stdout
    assert "loop_prefect.py was edited by hand" in check.stderr

    assert mfp(folder, "convert-all", "--prune", "--force").returncode == 0
    after = generated(folder)
    assert set(after) == set(files) - set(left)
    assert b"Straight1Flow" in after[f"{GENERATED}/team_1/linear_prefect.py"]
    changed = {name for name in after if after[name] != files[name]}
    assert len(changed) == said["changed"]
    assert mfp(folder, "convert-all", "--check", "--no-cache").returncode == 0
