"""`mfp convert-all --prefect-yaml`: what it writes, keeps, corrects and removes."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML
from support.mfp_command import mfp
from support.mfp_samples import BODY, write

CONVERT = ("convert-all", "flows", "--prefect-yaml", "prefect.yaml")
SETTINGS = """
[tool.mfp]
work_pool = "pool"
tags = ["team:a"]
[[tool.mfp.overrides]]
paths = ["flows/late.py"]
work_pool = "night"
deployment = "nightly"
"""
USERS = """\
# my own file
name: shop   # of ours

deployments:
  # by hand
  - name: "mine"
    entrypoint: other.py:other
    schedules:
      - {interval: 3600}
# the end
"""


def flow(name: str, *decorators: str) -> str:
    names = "FlowSpec, schedule, step, trigger, trigger_on_finish"
    lines = "\n".join(decorators)
    return f"from metaflow import {names}\n\n\n{lines}\nclass {name}(FlowSpec):{BODY}"


def load(root: Path) -> Any:
    return YAML(typ="safe").load((root / "prefect.yaml").read_text())


def entry(root: Path, mark: str) -> Any:
    (found,) = (one for one in load(root)["deployments"] if one.get("metaflow_flow") == mark)
    return found


def test_new_file_has_all_that_the_flows_say(tmp_path: Path) -> None:
    late = flow("Late", "@schedule(cron='0 5 ? * MON *', timezone='Asia/Tokyo')")
    after = flow("After", "@trigger_on_finish(flow='Late')")
    write(tmp_path, {"flows/late.py": late, "flows/x/after.py": after, "pyproject.toml": SETTINGS})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    assert str(tmp_path) not in (tmp_path / "prefect.yaml").read_text()
    assert entry(tmp_path, "flows/late.py:Late") == {
        "name": "nightly",
        "entrypoint": "prefect_flows/flows/late_prefect.py:late",
        "metaflow_flow": "flows/late.py:Late",
        "metaflow_wrote": {"tags": ["team:a"]},
        "tags": ["team:a"],
        "schedules": [
            {
                "cron": "0 5 * * 1",
                "timezone": "Asia/Tokyo",
                "slug": "metaflow-schedule-decorator",
            }
        ],
        "work_pool": {"name": "night"},
    }
    found = entry(tmp_path, "flows/x/after.py:After")
    assert found["work_pool"] == {"name": "pool"}
    (trigger,) = found["triggers"]
    assert trigger["match_related"][0]["prefect.resource.name"] == "Late"

    again = mfp(tmp_path, *CONVERT, "--check")
    assert (again.returncode, again.stderr.splitlines()[-1][:2]) == (0, "0 ")


def test_what_users_wrote_stays(tmp_path: Path) -> None:
    write(tmp_path, {"flows/a.py": flow("A", "@schedule(daily=True)"), "prefect.yaml": USERS})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    text = (tmp_path / "prefect.yaml").read_text()
    for line in USERS.splitlines():
        assert line in text
    order = [text.index(line) for line in ("# my own", "name: shop", "# by hand", "a_prefect.py")]
    assert order == sorted(order)

    # What users put into our entry stays, also when the flow changes.
    ours = "- name: default\n"
    assert ours in text
    hand = "    parameters:\n      x: 1   # by hand, too\n    concurrency_limit: 2\n"
    text = text.replace(ours, f"{ours}{hand}")
    text = text.replace("-decorator\n", "-decorator\n        active: false\n")
    (tmp_path / "prefect.yaml").write_text(text)
    assert mfp(tmp_path, *CONVERT, "--check").returncode == 0
    write(tmp_path, {"flows/a.py": flow("A", "@schedule(hourly=True)")})
    check = mfp(tmp_path, *CONVERT, "--check")
    assert check.returncode == 1
    assert "-      - cron: 0 0 * * *" in check.stdout
    assert "+      - cron: 0 * * * *" in check.stdout
    assert (tmp_path / "prefect.yaml").read_text() == text
    assert mfp(tmp_path, *CONVERT).returncode == 0
    assert (tmp_path / "prefect.yaml").read_text() == text.replace("0 0 * * *", "0 * * * *")


def with_parameters(**defaults: object) -> str:
    lines = "".join(
        f"    {name} = Parameter('{name}', default={d!r})\n" for name, d in defaults.items()
    )
    text = flow("A").replace("(FlowSpec):\n", f"(FlowSpec):\n{lines}")
    return text.replace("import FlowSpec", "import FlowSpec, Parameter")


def test_parameters_and_tags_that_are_ours_and_those_of_users(tmp_path: Path) -> None:
    def convert() -> Any:
        assert mfp(tmp_path, *CONVERT).returncode == 0
        assert mfp(tmp_path, *CONVERT, "--check").returncode == 0
        found = entry(tmp_path, "flows/a.py:A")
        return found.get("parameters"), found.get("tags")

    odd = {"text": "{{ x }}", "kind": "\0", "large": 2**70}
    first = with_parameters(alpha=1, beta="b", gamma=[1, "c"], **odd)
    settings = "[tool.mfp]\ntags = {}\n"
    write(tmp_path, {"flows/a.py": first, "pyproject.toml": settings.format(["old", "both"])})
    assert convert() == ({"alpha": 1, "beta": "b", "gamma": [1, "c"]}, ["old", "both"])

    text = (tmp_path / "prefect.yaml").read_text()
    text = text.replace("beta: b", "beta: mine  # by hand\n    delta: 4", 1)
    (tmp_path / "prefect.yaml").write_text(text.replace("\n  - old\n", "\n  - mine\n  - old\n"))
    second = with_parameters(alpha=True, beta="c", epsilon=2.5)
    write(tmp_path, {"flows/a.py": second, "pyproject.toml": settings.format(["both", "new"])})
    parameters, tags = convert()
    assert parameters == {"alpha": True, "beta": "mine", "delta": 4, "epsilon": 2.5}
    assert parameters["alpha"] is True
    assert tags == ["mine", "both", "new"]
    assert "mine  # by hand" in (tmp_path / "prefect.yaml").read_text()

    write(tmp_path, {"flows/a.py": flow("A"), "pyproject.toml": ""})
    assert convert() == ({"beta": "mine", "delta": 4}, ["mine"])


def test_prefect_reads_the_values_that_the_flow_has(tmp_path: Path) -> None:
    texts = ["yes", "N", "off", "12:30", "1:2:3", "=", "<<", "0b1", "1e3", "1.0e+3", "2020-01-01"]
    defaults = {"y": 1e16, "no": -1e300, "off": 5e-7, "x": texts}
    settings = f"[tool.mfp]\ntags = {texts}\ndeployment = '12:30'\n"
    write(tmp_path, {"flows/a.py": with_parameters(**defaults), "pyproject.toml": settings})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    # Prefect reads YAML 1.1.
    [found] = yaml.safe_load((tmp_path / "prefect.yaml").read_text())["deployments"]
    assert found["parameters"] == defaults
    assert (found["tags"], found["name"]) == (texts, "12:30")
    assert mfp(tmp_path, *CONVERT, "--check").returncode == 0


def test_comments_and_line_ends_of_users_stay(tmp_path: Path) -> None:
    defaults = with_parameters(alpha=1)
    write(tmp_path, {"flows/a.py": defaults, "flows/b.py": flow("B"), "pyproject.toml": SETTINGS})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    path = tmp_path / "prefect.yaml"
    text = path.read_text()
    mine = (
        "\n# mine\n- name: default\n  entrypoint: c.py:c\n  description: |\n    # text\n# the end\n"
    )
    text += mine
    path.write_bytes(text.replace("\n", "\r\n").encode())

    for change in (
        {"pyproject.toml": SETTINGS.replace("team:a", "team:b"), "flows/a.py": flow("A")},
        {"pyproject.toml": "", "flows/b.py": flow("B", "@schedule(daily=True)")},
        {"flows/b.py": ""},
    ):
        write(tmp_path, change)
        assert mfp(tmp_path, *CONVERT).returncode == 0
        raw = path.read_bytes().decode()
        assert raw.count("\n") == raw.count("\r\n")
        assert mine in raw.replace("\r\n", "\n")
        assert [one["name"] for one in load(tmp_path)["deployments"]][-1] == "default"
    assert [one.get("metaflow_flow") for one in load(tmp_path)["deployments"]] == [
        "flows/a.py:A",
        None,
    ]


def test_definition_that_entries_share_stays(tmp_path: Path) -> None:
    write(tmp_path, {"flows/a.py": flow("A")})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    shared = "definitions:\n  pool: &pool\n    name: shared\n  tags: &tags [x]\n"
    text = shared + (tmp_path / "prefect.yaml").read_text()
    text = text.replace("work_pool:\n    name: default", "work_pool: *pool\n  tags: *tags")
    (tmp_path / "prefect.yaml").write_text(text)
    assert mfp(tmp_path, *CONVERT, "--check").returncode == 0
    write(tmp_path, {"pyproject.toml": "[tool.mfp]\nwork_pool = 'mine'\ntags = ['y']\n"})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    assert load(tmp_path)["definitions"] == {"pool": {"name": "shared"}, "tags": ["x"]}
    found = entry(tmp_path, "flows/a.py:A")
    assert (found["work_pool"], found["tags"]) == ({"name": "mine"}, ["x", "y"])


def test_folder_in_which_mfp_runs_does_not_matter(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    write(
        tmp_path, {"flows/a.py": flow("A"), "flows/b/a.py": flow("A"), "pyproject.toml": SETTINGS}
    )
    file, here = tmp_path / "prefect.yaml", ("convert-all", "--pull", "local")
    assert mfp(tmp_path, *CONVERT, "--pull", "local").returncode == 0
    text = file.read_text()
    other = ("--output-dir", "../prefect_flows", "--prefect-yaml", "../prefect.yaml")
    done = mfp(tmp_path / "flows", *here, *other, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "flows" / "b" / "a.py").unlink()
    assert mfp(tmp_path / "flows", *here, *other).returncode == 0
    assert [one["metaflow_flow"] for one in load(tmp_path)["deployments"]] == ["flows/a.py:A"]
    assert "metaflow_folder" not in text

    # A file elsewhere says which folder it is for.
    file.unlink()
    options = ("--output-dir", "out", "--prefect-yaml", "ci/prefect.yaml")
    assert mfp(tmp_path, "convert-all", "flows", *options).returncode == 0
    file = tmp_path / "ci" / "prefect.yaml"
    found = YAML(typ="safe").load(file.read_text())
    assert found["metaflow_folder"] == ".."
    assert found["deployments"][0]["entrypoint"] == "out/flows/a_prefect.py:a"
    other = ("--output-dir", "../out", "--prefect-yaml", "../ci/prefect.yaml")
    done = mfp(tmp_path / "flows", "convert-all", *other, "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_name_does_not_depend_on_whether_a_namesake_can_be_loaded(tmp_path: Path) -> None:
    for other in (flow("A"), "1 / 0\n" + flow("A"), flow("A") + "def x(:\n"):
        write(tmp_path, {"flows/a.py": flow("A"), "flows/b.py": other})
        mfp(tmp_path, *CONVERT)
        assert entry(tmp_path, "flows/a.py:A")["name"] == "flows.a"


def test_flow_that_loses_its_schedule_and_one_that_goes(tmp_path: Path) -> None:
    scheduled = flow("A", "@schedule(daily=True)", "@trigger(event='e')")
    write(tmp_path, {"flows/a.py": scheduled, "flows/b.py": flow("B"), "prefect.yaml": USERS})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    assert {"schedules", "triggers"} <= set(entry(tmp_path, "flows/a.py:A"))
    # One of version 0.4.0 stays the only one: Prefect would start runs by both.
    text = (
        (tmp_path / "prefect.yaml").read_text().replace("metaflow-schedule-decorator", "metaflow")
    )
    write(tmp_path, {"flows/a.py": scheduled.replace("daily", "hourly"), "prefect.yaml": text})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    (schedule,) = entry(tmp_path, "flows/a.py:A")["schedules"]
    assert (schedule["cron"], schedule["slug"]) == ("0 * * * *", "metaflow")
    write(tmp_path, {"flows/a.py": flow("A")})
    (tmp_path / "flows" / "b.py").unlink()
    assert mfp(tmp_path, *CONVERT, "--prune").returncode == 0
    assert not {"schedules", "triggers"} & set(entry(tmp_path, "flows/a.py:A"))
    marks = [one.get("metaflow_flow") for one in load(tmp_path)["deployments"]]
    assert marks == [None, "flows/a.py:A"]
    # One that was not asked for is not gone.
    write(tmp_path, {"other/c.py": flow("C")})
    assert mfp(tmp_path, "convert-all", "other", *CONVERT[2:]).returncode == 0
    assert [one["name"] for one in load(tmp_path)["deployments"]] == ["mine", "default", "default"]


def test_flows_of_one_name_have_deployments_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, {"flows/a.py": flow("A"), "flows/b/a.py": flow("A"), "flows/c.py": flow("C")})
    assert mfp(tmp_path, *CONVERT).returncode == 0
    names = [one["name"] for one in load(tmp_path)["deployments"]]
    assert names == ["flows.a", "flows.b.a", "default"]


def test_paths_that_give_one_name_are_refused(tmp_path: Path) -> None:
    names = ("flows/a/b.py", "flows/a.b.py", "flows/c.py")
    write(tmp_path, {name: flow("A") for name in names})
    done = mfp(tmp_path, *CONVERT)
    assert (done.returncode, done.stderr.count("Two flows have this deployment name")) == (3, 2)
    assert [one["name"] for one in load(tmp_path)["deployments"]] == ["flows.c"]


def test_flow_that_prefect_cannot_schedule_leaves_the_others(tmp_path: Path) -> None:
    odd = flow("Odd", "@schedule(cron='0 0 ? * MON 2030')")
    write(tmp_path, {"flows/a.py": flow("A"), "flows/odd.py": odd})
    done = mfp(tmp_path, *CONVERT)
    assert done.returncode == 3
    assert "flows/odd.py: Odd: The cron expression '0 0 ? * MON 2030'" in done.stderr
    assert [one["metaflow_flow"] for one in load(tmp_path)["deployments"]] == ["flows/a.py:A"]
    # The flow itself is converted all the same, also if it is remembered.
    assert (tmp_path / "prefect_flows/flows/odd_prefect.py").exists()
    assert mfp(tmp_path, *CONVERT).returncode == 3


@pytest.mark.parametrize("tag", ["{{ prefect.blocks.secret.key }}", "{{ $HOME }}"])
def test_nothing_of_a_flow_becomes_a_placeholder_of_prefect(tmp_path: Path, tag: str) -> None:
    settings = f"[tool.mfp]\ntags = ['{tag}']\n"
    write(tmp_path, {"flows/a.py": flow("A"), "pyproject.toml": settings})
    done = mfp(tmp_path, *CONVERT)
    assert done.returncode == 3
    assert "takes for a placeholder" in done.stderr
    assert "{{ folder.stdout }}" in (tmp_path / "prefect.yaml").read_text()
    assert tag not in (tmp_path / "prefect.yaml").read_text()


def test_pull_by_git(tmp_path: Path) -> None:
    write(tmp_path, {"repo/sub/flows/a.py": flow("A")})
    repository, root = tmp_path / "repo", tmp_path / "repo" / "sub"
    for words in (["init", "-q"], ["remote", "add", "origin", "https://u:secret@host/r.git"]):
        subprocess.run(["git", *words], cwd=repository, check=True)
    assert mfp(root, *CONVERT).returncode == 0
    assert "build" in load(root)
    assert mfp(root, *CONVERT, "--pull", "git").returncode == 0
    assert "secret" not in (root / "prefect.yaml").read_text()
    assert "build" not in load(root)
    clone, folder = load(root)["pull"]
    assert clone == {
        "prefect.deployments.steps.git_clone": {"id": "clone", "repository": "https://host/r.git"}
    }
    assert [*folder.values()] == [{"directory": "{{ clone.directory }}/sub"}]
    # Credentials that users add stay, whether or not the option is given again.
    path = root / "prefect.yaml"
    text = path.read_text().replace("id: clone", "id: clone\n    access_token: '{{ $TOKEN }}'")
    path.write_text(text)
    for option in ((), ("--pull", "git")):
        assert mfp(root, *CONVERT, *option).returncode == 0
        assert path.read_text() == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "cannot be read"),
        ("- a", "is not a YAML mapping"),
        ("deployments: 5", "must be a list"),
        ("a: 1\na: 2", "cannot be read"),
    ],
)
def test_file_that_makes_no_sense_is_left_alone(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, {"flows/a.py": flow("A"), "prefect.yaml": text})
    done = mfp(tmp_path, *CONVERT)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "prefect.yaml").read_text() == text
