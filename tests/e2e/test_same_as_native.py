"""A run through Prefect leaves behind what a native run does."""

from pathlib import Path
from zlib import crc32

import pytest
from metaflow_prefect.model import Runtime
from support import recorded
from support.case import Case
from support.cases import marked_cases
from support.cases.everyday import ALSO_FRESH
from support.run import prefect
from support.snapshot import snapshot_of


def runtime_of(case: Case, usual: Runtime) -> Runtime:
    """Each day some cases take the other form of generated files than the usual one."""
    if not recorded.in_sample(str(case), recorded.TODAY + recorded.DAYS // 2):
        return usual
    return "installed" if usual == "embedded" else "embedded"


def usual_launcher(case: Case) -> str | None:
    """A short run forks its steps from the warm process, a long one most from a template of it."""
    return "template" if (crc32(str(case).encode()) + recorded.TODAY // 2) % 2 else None


@pytest.mark.parametrize("case", marked_cases())
def test_same_as_native(
    case: Case, tmp_path: Path, prefect_api: str, pytestconfig: pytest.Config
) -> None:
    thorough = pytestconfig.getoption("--thorough")
    runtime = runtime_of(case, pytestconfig.getoption("--runtime"))
    live = thorough or recorded.in_sample(str(case), recorded.TODAY)
    native = recorded.NativeAnswer(case, tmp_path / "native", live=live)
    launchers: list[str | None] = [usual_launcher(case)]
    if thorough:
        launchers = [None, "template"]
    if thorough or str(case) in ALSO_FRESH:
        launchers.append("fresh")
    for launcher in launchers:
        ours = prefect(case, tmp_path / f"prefect-{launcher}", prefect_api, launcher, runtime)
        told = ours.stdout[-4000:] + ours.stderr[-4000:]
        assert (ours.run_id is not None) == case.starts, told
        found = native.differences(snapshot_of(ours))
        assert not found, "\n".join(
            [f"Launcher {launcher}, runtime {runtime}:", told, "Differences:", *found]
        )
