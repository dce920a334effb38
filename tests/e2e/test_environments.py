"""A step with @conda or @pypi runs in the environment that Metaflow makes, just as natively.

There is no micromamba: ours makes virtual environments. What it cannot show is how packages are
resolved and downloaded, which is Metaflow's work alone.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from e2e.project import SOURCES
from support import micromamba
from support.case import Case
from support.compare import differences
from support.run import Result, native, prefect
from support.snapshot import Snapshot, snapshot_of

CASE = Case(
    id="packaged",
    group="decorators",
    file="packaged.py",
    flow="PackagedFlow",
    source=(SOURCES / "packaged.py").read_text(encoding="utf-8"),
    top=("--environment", "pypi"),
)


def run(folder: Path, api_url: str | None) -> Result:
    """Run the flow: through Prefect, or natively if there is no API."""
    folder.mkdir()
    command = micromamba.install(str(folder))
    case = replace(CASE, env={"METAFLOW_PATH_TO_MICROMAMBA": str(command)})
    return prefect(case, folder, api_url) if api_url else native(case, folder)


def named(left: Snapshot) -> Snapshot:
    """Call the environments by the order in which steps saw them: their ids are the folder's."""
    text = "\n".join(left.facts.values())
    seen = re.findall(r"\w+-\w+/[0-9a-f]{15}", left.facts["end: attempt 0: artifact seen"])
    for number, name in enumerate(dict.fromkeys(seen)):
        text = text.replace(name, f"ENV-{number}")
    return Snapshot(dict(zip(left.facts, text.split("\n"), strict=True)))


def test_same_as_native(tmp_path: Path, prefect_api: str) -> None:
    with ThreadPoolExecutor() as pool:
        runs = pool.map(run, (tmp_path / "native", tmp_path / "prefect"), (None, prefect_api))
        expected, ours = runs
    told = ours.stdout[-4000:] + ours.stderr[-4000:]
    assert expected.code == ours.code == 0, expected.stderr[-4000:] + told
    left = named(snapshot_of(ours))
    found = differences(named(snapshot_of(expected)), left)
    assert not found, "\n".join(found)
    seen = re.findall(r"'([\w.-]+)'|None", left.facts["end: attempt 0: artifact seen"])
    assert seen == ["ENV-0", "1.0", "ENV-1", "2.0", "ENV-2", "", "None"]
