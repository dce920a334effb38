"""Inputs: hostile ones do nothing but fail, wrong ones are told all at once."""

import html
import json
import re
import shlex
from pathlib import Path

import pytest
from action_case import flow, make_case
from mfp.action.inputs import as_inputs
from mfp.commands.convert_all import command
from support.mfp_command import mfp

HOSTILE = [
    pytest.param("a'b\"c", id="quotes"),
    pytest.param("x; touch owned", id="semicolon"),
    pytest.param("$(touch owned)`touch owned`", id="substitution"),
    pytest.param("${{ github.token }}", id="expression"),
    pytest.param("--help", id="option"),
    pytest.param("::error::not mine", id="command"),
    pytest.param("a\nflow-count<<END\n9\nEND", id="output"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_folder_is_only_a_name(tmp_path: Path, text: str) -> None:
    name = text.replace("/", "").replace("\n", " ")
    case = make_case(tmp_path, {f"{name}/a.py": flow("AFlow")})
    run = case.act(paths=f"./{name}\n", output_dir=text, exclude=f"{text}z")
    assert not case.files("owned")
    assert run.outputs["flow-count"] == "1", run.text
    [generated] = json.loads(run.outputs["changed-files"])
    assert generated == f"{text}/{name}/a_prefect.py"
    assert (case.repository / generated).is_file()
    assert run.success
    assert run.annotations == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_everywhere(tmp_path: Path, text: str) -> None:
    case = make_case(
        tmp_path, {"a.py": flow("AFlow"), **dict.fromkeys(text.splitlines(), "")}, installs=True
    )
    checked = ("mode", "jobs", "shard", "prune", "missing_imports", "extra_args")
    names = (*checked, "fail_on_error", "deploy")
    silent = ("exclude", "output_dir", "work_pool", "prefect_yaml", "prefect_api_url")
    run = case.act(paths="a.py", requirements=text, **dict.fromkeys((*names, *silent), text))
    assert not run.success
    assert not case.files("owned")
    assert case.files() == []
    [told] = run.annotations
    for name in names:
        assert name.replace("_", "-") in told.message
    asked = "\n".join(case.installed)
    for line in text.splitlines():
        assert f"-r\n{line}\n" in f"{asked}\n"


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"jobs": "0"}, "jobs is '0', and must be a whole number from 1 up"),
        ({"shard": "2/1"}, "shard is not valid: The shard '2/1' is not of the form I/N"),
        ({"extra_args": "--check"}, "extra-args has what mode: check is for"),
        ({"extra_args": "flows"}, "extra-args has what paths is for"),
        ({"extra_args": "'"}, "extra-args cannot be read: No closing quotation"),
        ({"extra_args": "--nope"}, "extra-args cannot be read: No such option"),
        ({"paths": "nowhere"}, "nowhere is neither a file nor a folder"),
        ({"exclude": "["}, "The pattern '[' is not in gitignore syntax"),
        ({"mode": "check", "deploy": "all"}, "deploy needs mode: write, and mode is check"),
        ({"work_pool": "mine"}, "work-pool has no effect without deploy or prefect-yaml"),
        ({"mode": "list", "prune": "true"}, "prune has no effect in mode list"),
        ({"mode": "list", "prefect_yaml": "p.yaml"}, "prefect-yaml has no effect in mode list"),
        ({"deploy": "all"}, "deploy needs the server: set prefect-api-url"),
        (
            {"deploy": "all", "shard": "1/2", "prefect_api_url": "http://127.0.0.1:1/api"},
            "deploy needs all flows, and shard asks for a part of them",
        ),
        (
            {
                "deploy": "all",
                "prefect_api_url": "http://127.0.0.1:1/api",
                "prefect_api_key": "top-secret",
                "prefect_api_auth_string": "top-secret",
            },
            "prefect-api-key and prefect-api-auth-string are both set",
        ),
    ],
)
def test_wrong_input(tmp_path: Path, inputs: dict[str, str], text: str) -> None:
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    run = case.act(**inputs)
    assert not run.success
    assert run.step("Convert").outcome == "failure"
    [told] = run.annotations
    assert text in told.message
    assert (run.outputs["failed-count"], run.outputs["flows"]) == ("0", "[]")
    assert "**Failed**: " in run.summary
    assert case.files() == []
    assert "top-secret" not in run.text + run.summary + json.dumps(dict(run.outputs))


def test_what_nobody_foresaw_is_told(tmp_path: Path) -> None:
    """Here: a folder for generated files that is a file."""
    case = make_case(tmp_path, {"a.py": flow("AFlow"), "prefect.yaml/x": ""})
    run = case.act(prefect_yaml="prefect.yaml/x/y")
    assert not run.success
    [told] = run.annotations
    assert "prefect.yaml/x" in told.message
    assert run.outputs["flows"] == "[]"
    assert "**Failed**: " in run.summary


def test_all_wrong_inputs_are_told_together(tmp_path: Path) -> None:
    case = make_case(tmp_path, {})
    [told] = case.act(mode="convert", prune="yes").annotations
    assert "mode is 'convert', and must be one of write, check, list, dry-run;" in told.message
    assert told.message.endswith("Correct these 2 inputs of the action.")


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("Install x, or use --missing-imports stub.", "Install x, or use missing-imports: stub."),
        ("Name it by --work-pool.", "Name it by the input work-pool."),
        ("Or use --pull local.", "Or use extra-args: --pull local."),
        ("Clone it: `mfp deploy --pull git`.", "Clone it: extra-args: --pull git."),
        ("With --check a job keeps it so.", "With mode: check a job keeps it so."),
        ("Remove it by --prune --force.", "Remove it by prune: true extra-args: --force."),
        (
            "Set PREFECT_API_KEY, or PREFECT_API_AUTH_STRING.",
            "Set the input prefect-api-key, or the input prefect-api-auth-string.",
        ),
        # What is not ours stays.
        ("`prefect work-pool create --type x`", "`prefect work-pool create --type x`"),
        ("Use --generate-new-token, or --a.", "Use --generate-new-token, or --a."),
    ],
)
def test_remedies_are_said_in_terms_of_the_inputs(remedy: str, said: str) -> None:
    assert as_inputs(remedy, command) == said


def test_what_no_input_says_the_settings_say(tmp_path: Path) -> None:
    settings = '[tool.mfp]\npaths = ["jobs"]\noutput-dir = "made"\nmissing-imports = "error"\n'
    needs = flow("NeedsFlow").replace("from metaflow", "import no_such_module\nfrom metaflow", 1)
    files = {"pyproject.toml": settings, "jobs/a.py": flow("AFlow"), "jobs/b.py": needs}
    case = make_case(tmp_path, {**files, "other.py": flow("OtherFlow")})
    run = case.act()
    assert case.files() == ["made/jobs/a_prefect.py"], run.text
    assert run.outputs["failed-count"] == "1"
    assert case.act(missing_imports="stub", output_dir="here", paths="other.py\njobs").success
    assert "here/jobs/b_prefect.py" in case.files()


def test_settings_name_the_prefect_yaml(tmp_path: Path) -> None:
    settings = '[tool.mfp]\nprefect-yaml = "deploy/prefect.yaml"\nruntime = "installed"\n'
    case = make_case(tmp_path, {"pyproject.toml": settings, "a.py": flow("AFlow")})
    assert case.act(mode="list").success
    assert case.act().success
    assert "a_flow" in (case.repository / "deploy" / "prefect.yaml").read_text()
    [generated] = case.files()
    assert "from metaflow_prefect.runtime import" in (case.repository / generated).read_text()
    assert case.act(mode="check").success


def test_remedy_for_drift_makes_the_same_files(tmp_path: Path) -> None:
    """What stands in extra-args counts there, too."""
    case = make_case(tmp_path, {"a.py": flow("AFlow")})
    extra = "--runtime installed"
    drift = case.act(mode="check", extra_args=extra)
    assert not drift.success
    [fix] = re.findall(r"^mfp convert-all .*$", drift.summary, re.MULTILINE)
    done = mfp(case.repository, *shlex.split(html.unescape(fix))[1:])
    assert done.returncode == 0
    assert case.act(mode="check", extra_args=extra).success
