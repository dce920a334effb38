"""Parameters that are given in Prefect have the values that a native run would give them."""

import json
from pathlib import Path

import pytest
from e2e.project import FlowFolder

FLOWS = Path(__file__).parents[1] / "flows"
RUN = """
import json, sys
from prefect import get_client
from prefect.flow_engine import run_flow
from prefect.flows import load_flow_from_entrypoint

flow = load_flow_from_entrypoint(sys.argv[1])
values = json.loads(sys.argv[2])
with get_client(sync_client=True) as client:
    flow_run = client.create_flow_run(flow, parameters=values)
    state = run_flow(flow, flow_run=flow_run, parameters=values, return_type="state")
    assert state.is_completed(), state
print(json.dumps(f"prefect-{flow_run.id}"))
"""
LOOK = """
import json, sys
from metaflow import Run, namespace
namespace(None)
data = Run(sys.argv[1])["start"].task.data
print(json.dumps([getattr(data, name) for name in sys.argv[2:]]))
"""
FLAGS = ("on", "off", "plain", "typed", "forced", "texted", "upside")
ABSENT = [True, False, None, False, True, False, True]
GIVEN = [False, True, True, True, False, False, True]


@pytest.fixture
def folder(tmp_path: Path, prefect_api: str) -> FlowFolder:
    return FlowFolder(tmp_path, FLOWS / "parameters_flags.py", PREFECT_API_URL=prefect_api)


def artifacts(folder: FlowFolder, run: str, *names: str) -> list[object]:
    done = folder.run("-c", LOOK, run, *names)
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout.splitlines()[-1])
    return found


def from_prefect(folder: FlowFolder, entrypoint: str, **values: object) -> str:
    done = folder.run("-c", RUN, entrypoint, json.dumps(values))
    assert done.returncode == 0, done.stdout + done.stderr
    run_id: str = json.loads(done.stdout.splitlines()[-1])
    return run_id


def test_flags(folder: FlowFolder) -> None:
    words = [f"--{name}" for name in FLAGS[:-1]] + ["--up-side"]
    for given, expected in (([], ABSENT), (words, GIVEN)):
        done = folder.run("parameters_flags.py", "run", "--run-id-file", "native", *given)
        assert done.returncode == 0, done.stderr
        run_id = (folder.path / "native").read_text()
        assert artifacts(folder, f"ParametersFlagsFlow/{run_id}", *FLAGS) == expected
    folder.create()
    names = ["up_side" if name == "upside" else name for name in FLAGS]
    for value in (True, False):
        values = dict.fromkeys(names, value)
        run_id = from_prefect(folder, "out.py:parameters_flags_flow", **values)
        found = artifacts(folder, f"ParametersFlagsFlow/{run_id}", *FLAGS)
        # the value that was given, where a native run can have it; else what it has without
        assert found == [
            value if value in (absent, given) else absent
            for absent, given in zip(ABSENT, GIVEN, strict=True)
        ]


def test_texts_that_are_json(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "parameters_required.py", PREFECT_API_URL=prefect_api)
    folder.create()
    for table in ("123", "null", {"a": "[1]"}, [True, 1, "x"], 0):
        values = {"text": "123", "number": 4, "table": table}
        run_id = from_prefect(folder, "out.py:parameters_required_flow", **values)
        flow = f"ParametersRequiredFlow/{run_id}"
        assert artifacts(folder, flow, "got") == [["123", 4, table]]


def test_what_prefect_shows_of_a_flag(folder: FlowFolder) -> None:
    folder.create()
    look = (
        "import sys; from prefect import get_client\n"
        "with get_client(sync_client=True) as client:\n"
        "    print(client.read_flow_run(sys.argv[1]).parameters)"
    )
    for words, shown in ((["--on"], "'on': False"), ([], "'on': True"), (["--off"], "'off': True")):
        done = folder.run("out.py", "--run-id-file", "id", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        run_id = (folder.path / "id").read_text().removeprefix("prefect-")
        assert shown in folder.run("-c", look, run_id).stdout
