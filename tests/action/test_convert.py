"""The action converts, checks, lists: what it writes, what it says, when it fails."""

import json
import re
from pathlib import Path

import pytest
from action_case import ACTION, BROKEN, flow, make_case
from mfp.installation import install_command
from runner.log import Shown
from runner.steps import run_action

README = (ACTION / "README.md").read_text()
FILES = ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV")


def test_first_conversion_then_nothing_then_drift(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"flows/a.py": flow("AFlow"), "flows/deep/b.py": flow("BFlow")})
    generated = ["prefect_flows/flows/a_prefect.py", "prefect_flows/flows/deep/b_prefect.py"]

    first = case.act(paths="flows")
    assert first.success, first.text
    assert case.files() == generated
    assert first.outputs["flow-count"] == "2"
    assert first.outputs["converted-count"] == "2"
    assert first.outputs["changed-count"] == "2"
    assert first.outputs["failed-count"] == "0"
    assert first.outputs["changed"] == "true"
    assert json.loads(first.outputs["changed-files"]) == generated
    assert json.loads(first.outputs["flows"]) == [
        {"path": "flows/a.py", "class": "AFlow", "line": 4}
        | {"output": generated[0], "status": "converted"},
        {"path": "flows/deep/b.py", "class": "BFlow", "line": 4}
        | {"output": generated[1], "status": "converted"},
    ]
    assert json.loads(first.outputs["deployments"]) == []
    assert len(json.loads(Path(first.outputs["report"]).read_text())["flows"]) == 2
    assert "2 converted" in first.summary

    second = case.act(paths="flows", mode="check")
    assert second.success
    assert second.outputs["changed"] == "false"
    assert second.outputs["changed-files"] == "[]"
    assert second.annotations == []

    case.write({"flows/a.py": flow("Renamed"), "flows/c.py": flow("CFlow")})
    (case.repository / "flows" / "deep" / "b.py").unlink()
    before = (case.repository / generated[0]).read_bytes()
    drift = case.act(paths="flows", mode="check")
    assert not drift.success
    assert drift.step("Finish").outcome == "failure"
    assert drift.outputs["changed"] == "true"
    changed = [generated[0], "prefect_flows/flows/c_prefect.py", generated[1]]
    assert json.loads(drift.outputs["changed-files"]) == changed
    assert [(one.file, one.line) for one in drift.annotations[:3]] == [
        ("flows/a.py", 4),
        ("flows/c.py", 4),
        (generated[1], None),
    ]
    fix = "mfp convert-all flows --output-dir prefect_flows --missing-imports stub --prune"
    assert all(fix in one.message for one in drift.annotations)
    assert f"```bash\n{install_command()}\n{fix}\n```" in drift.summary
    assert "<details><summary><code>prefect&#95;flows/flows/a&#95;prefect" in drift.summary
    assert "\n+def renamed(" in drift.summary
    assert (case.repository / generated[0]).read_bytes() == before

    dry = case.act(paths="flows", mode="dry-run")
    assert dry.success
    assert json.loads(dry.outputs["changed-files"]) == changed
    assert dry.annotations == []

    listed = case.act(paths="flows", mode="list")
    assert [one["class"] for one in json.loads(listed.outputs["flows"])] == ["Renamed", "CFlow"]
    assert listed.outputs["converted-count"] == "0"

    pruned = case.act(paths="flows", prune="true")
    assert pruned.success
    assert json.loads(pruned.outputs["changed-files"]) == changed
    assert case.files() == [generated[0], "prefect_flows/flows/c_prefect.py"]


@pytest.mark.parametrize(
    ("fail_on_error", "success"), [("any", False), ("all", True), ("never", True)]
)
def test_broken_flow_beside_good_ones(tmp_path: Path, fail_on_error: str, success: bool) -> None:
    files = {"a.py": flow("AFlow"), "b.py": BROKEN, "c.py": "# FlowSpec\ndef x(:\n"}
    case = make_case(tmp_path, files | {"d.py": flow("DFlow")})
    run = case.act(fail_on_error=fail_on_error)
    assert run.success is success
    assert case.files() == ["prefect_flows/a_prefect.py", "prefect_flows/d_prefect.py"]
    assert (run.outputs["failed-count"], run.outputs["converted-count"]) == ("2", "2")
    first, second = run.annotations[:2]
    # On the line that fails, not on that of the class.
    assert (first.file, first.line, first.title) == ("b.py", 3, "BrokenFlow not converted")
    assert "ZeroDivisionError: division by zero (line 3). Make python b.py show" in first.message
    assert (second.file, second.line) == ("c.py", 2)
    link = "https://github.example/octo/flows/blob/0123456789abcdef0123456789abcdef01234567/b.py#L8"
    assert f'<a href="{link}">' in run.summary
    assert "**failed**" in run.summary
    if not success:
        assert run.annotations[-1] == Shown("error", "2 of 4 flows failed.", title="mfp")


def test_all_flows_fail(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"b.py": BROKEN})
    assert not case.act(fail_on_error="all").success


def test_repository_without_flows(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": "x = 1\n"})
    for mode in ("write", "check", "list"):
        run = case.act(mode=mode)
        assert run.success
        [told] = run.annotations
        assert (told.kind, told.title) == ("warning", "No flows")
        assert "Correct the inputs paths" in told.message
        assert run.outputs["flow-count"] == "0"
        assert run.outputs["flows"] == "[]"
        assert "No flows found." in run.summary
    strict = case.act(extra_args="--fail-on-empty")
    assert not strict.success
    assert [one.kind for one in strict.annotations] == ["error", "error"]
    assert case.act(shard="2/2", extra_args="--fail-on-empty").success


def test_shards_cover_everything_once(tmp_path: Path) -> None:
    files = {f"{name}.py": flow(f"{name.upper()}Flow") for name in "abcde"}
    files["aa.py"] = "# FlowSpec\ndef x(:\n"
    case = make_case(tmp_path, files)
    seen = []
    for shard in ("1/3", "2/3", "3/3"):
        run = case.act(shard=shard, fail_on_error="never")
        assert run.success
        seen.append([one["path"] for one in json.loads(run.outputs["flows"])])
        listed = case.act(shard=shard, fail_on_error="never", mode="list")
        assert [one["path"] for one in json.loads(listed.outputs["flows"])] == seen[-1]
    assert sorted(path for part in seen for path in part) == sorted(files)
    assert all(seen)
    assert len(case.files()) == 5
    assert case.act(mode="check", fail_on_error="never").success


def test_at_most_ten_annotations(tmp_path: Path) -> None:
    case = make_case(tmp_path, {f"flow_{number:02}.py": BROKEN for number in range(12)})
    run = case.act()
    assert len(run.step("Convert").log.annotations) == 10
    assert "2 more are in the job's summary." in run.text
    assert all(f"flow&#95;{number:02}&#46;py" in run.summary for number in range(12))


def test_working_directory_and_more_options(tmp_path: Path) -> None:
    good, old = flow("GoodFlow"), flow("OldFlow")
    numpy = good.replace("from metaflow", "import no_such_module\nfrom metaflow", 1)
    files = {"jobs/a.py": numpy, "jobs/b_old.py": old, "jobs/c.py": good, "other.py": good}
    case = make_case(tmp_path, files)
    run = case.act(
        working_directory="jobs",
        exclude="*_old.py\nc.py",
        output_dir="made here",
        jobs="1",
        extra_args="--timeout 30 --no-cache",
    )
    assert run.success, run.text
    assert case.files() == ["jobs/made here/jobs/a_prefect.py"]
    assert json.loads(run.outputs["changed-files"]) == ["jobs/made here/jobs/a_prefect.py"]
    assert json.loads(run.outputs["flows"])[0]["path"] == "jobs/a.py"
    failed = case.act(working_directory="jobs", exclude="*_old.py", missing_imports="error")
    assert not failed.success
    assert failed.annotations[0].file == "jobs/a.py"
    assert "no_such_module is not installed" in failed.annotations[0].message
    assert failed.annotations[0].message.endswith("without it by missing-imports: stub.")
    assert failed.annotations[0].line == 1


def test_edited_file_whose_flow_is_gone(tmp_path: Path) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    assert case.act().success
    generated = case.repository / "prefect_flows" / "a_prefect.py"
    generated.write_text(generated.read_text() + "# mine\n")
    (case.repository / "a.py").unlink()
    run = case.act(prune="true")
    assert not run.success
    assert generated.exists()
    assert json.loads(run.outputs["edited-files"]) == ["prefect_flows/a_prefect.py"]
    assert run.annotations[0].file == "prefect_flows/a_prefect.py"
    assert "edited by hand" in run.summary
    assert [one.message for one in run.step("Finish").log.annotations] == [
        "1 generated file was edited by hand, and not removed though the flow is gone."
    ]


@pytest.mark.parametrize("fail_on_error", ["never", "all"])
def test_edited_file_is_not_up_to_date(tmp_path: Path, fail_on_error: str) -> None:
    case = make_case(tmp_path, {"deep/a.py": flow("AFlow"), "deep/b.py": flow("BFlow")})
    assert case.act(working_directory="deep").success
    generated = case.repository / "prefect_flows" / "deep" / "a_prefect.py"
    generated.write_text(generated.read_text() + "# mine\n")
    run = case.act(working_directory="deep", mode="check", fail_on_error=fail_on_error)
    assert not run.success
    assert json.loads(run.outputs["changed-files"]) == ["prefect_flows/deep/a_prefect.py"]
    assert json.loads(run.outputs["edited-files"]) == ["prefect_flows/deep/a_prefect.py"]
    [told] = run.step("Finish").log.annotations
    assert told.message.endswith("Make the change in the flow, or use extra-args: --force.")
    written = case.act(working_directory="deep", fail_on_error="never")
    assert json.loads(written.outputs["edited-files"]) == ["prefect_flows/deep/a_prefect.py"]
    assert written.outputs["changed-files"] == "[]"
    assert "or overwrite it by extra-args: --force." in written.annotations[0].message
    assert told.message.startswith("1 generated file was edited by hand. ")
    assert (
        "cd deep && mfp convert-all" in json.loads(Path(run.outputs["report"]).read_text())["fix"]
    )


def test_what_a_flow_does_when_it_is_loaded(tmp_path: Path) -> None:
    """It sees no secret and nothing by which to reach later steps, and cannot give commands."""
    spy = """\
import json, os
open({path!r}, "w").write(json.dumps(dict(os.environ)))
print("::error::from the flow")
print("##[add-path]/from/the/flow")
raise ValueError("\\n::error::from the message\\n::set-output name=flow-count::9")
"""
    seen = tmp_path / "seen"
    case = make_case(tmp_path, {"a.py": spy.format(path=str(seen)) + flow("AFlow")}, installs=True)
    # As the README says; what it says is there is only what the job has put there.
    [row] = re.findall(r"^\| Not there \| (.*) \|$", README, re.MULTILINE)
    names = [one for one in re.findall(r"`(\w+)`", row) if one not in FILES]
    secret = dict.fromkeys((*names, "ACTIONS_RUNTIME_TOKEN"), "top-secret")
    run = run_action(ACTION, {}, case.machine(env=secret | {"MINE": "1"}))
    for name in ("Install mfp", "Convert"):
        keys = {one for one in names if one.startswith("PREFECT_")}
        assert "top-secret" not in {run.step(name).variables[one] for one in keys}
    assert run.step("Convert").variables["PIP_INDEX_URL"] == ""
    variables = json.loads(seen.read_text())
    assert variables["MINE"] == "1"
    assert "top-secret" not in variables.values()
    assert {*FILES, "GITHUB_STEP_SUMMARY"}.isdisjoint(variables)
    assert not [name for name in variables if name.startswith("MFP_INPUT_")]
    assert run.outputs["flow-count"] == "1"
    assert len(run.annotations) == 2
    assert run.annotations[0].message.startswith("Loading the flow raised ValueError")


def test_prefect_yaml(tmp_path: Path) -> None:
    unfit = (
        flow("YearFlow")
        .replace("import FlowSpec", "import FlowSpec, schedule")
        .replace("class", '@schedule(cron="0 0 1 1 ? 2030")\nclass', 1)
    )
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    wanted = {"prefect_yaml": "prefect.yaml", "work_pool": "pool"}
    files = ["prefect_flows/a_prefect.py", "prefect.yaml"]
    missing = case.act(mode="check", **wanted)
    assert json.loads(missing.outputs["changed-files"]) == files
    assert not missing.success
    assert "--prefect-yaml prefect.yaml --work-pool pool" in missing.annotations[-1].message
    written = case.act(**wanted)
    assert written.success, written.text
    assert json.loads(written.outputs["changed-files"]) == files
    assert (
        "entrypoint: prefect_flows/a_prefect.py:a_flow"
        in (case.repository / "prefect.yaml").read_text()
    )
    assert case.act(mode="check", **wanted).success

    case.write({"b.py": unfit})
    run = case.act(**wanted)
    assert not run.success
    assert (run.annotations[0].file, run.outputs["failed-count"]) == ("b.py", "1")
    assert "years (2030)" in run.annotations[0].message
