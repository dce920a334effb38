"""Configs: found beside their flow, given on the command line, or set in pyproject.toml."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.mfp_command import mfp
from support.mfp_samples import BODY, write
from support.run import python

HEAD = "from metaflow import Config, FlowSpec, Parameter, step\n\n\nclass F(FlowSpec):\n"
END = f"{BODY}\n\nif __name__ == '__main__':\n    F()\n"
FLOW = f"""{HEAD}    config = Config("config", default="mine.json")
    later = Config("later", default=lambda context: "later.json")
    p = Parameter("p", default=config.n)
{END}"""
BESIDE = "The config config is taken from flows/deep/mine.json, beside the flow."
PLAIN = f"{HEAD}{END}"
FILES = {
    "flows/deep/a.py": FLOW,
    "flows/deep/mine.json": '{"n": 3}',
    "flows/deep/later.json": "{}",
    "other.json": '{"n": 5}',
}


def created(root: Path, flow: str, output: Path) -> str:
    environment = os.environ | {"METAFLOW_USER": "ada", "HOME": str(root)}
    words = (flow, "prefect", "create", str(output))
    done = python(*words, folder=root, variables=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_default_beside_the_flow(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    output = tmp_path / "out_prefect.py"
    assert BESIDE in created(tmp_path, "flows/deep/a.py", output)
    made = output.read_text()
    assert '"n": 3' in made
    assert "beside the flow" not in created(tmp_path / "flows/deep", "a.py", output)
    assert output.read_text() == made

    result = mfp(tmp_path, "convert", "flows/deep/a.py", "-o", "out_prefect.py")
    later = "The config later is taken from flows/deep/later.json, beside the flow."
    lines = [f"mfp: flows/deep/a.py: {BESIDE} {later}", "Unchanged: out_prefect.py"]
    assert result.stderr.splitlines() == lines
    result = mfp(tmp_path, "convert-all", "--json", "-")
    (flow,) = json.loads(result.stdout)["flows"]
    assert flow["configs"] == {
        "config": "flows/deep/mine.json",
        "later": "flows/deep/later.json",
    }
    # The current folder goes first, as with Metaflow.
    write(tmp_path, {"mine.json": '{"n": 4}'})
    changed = mfp(tmp_path, "convert-all", "--json", "-")
    assert json.loads(changed.stdout)["flows"][0]["configs"]["config"] is None
    assert '"n": 4' in (tmp_path / flow["output"]).read_text()


def test_configs_of_the_command_line(tmp_path: Path) -> None:
    write(tmp_path, FILES | {"flows/plain.py": PLAIN})
    for command in (("convert", "flows/deep/a.py", "-o", "a_prefect.py"), ("convert-all", "flows")):
        for option, number in (
            (("--config", "config", "other.json"), 5),
            (("--config-value", "config", '{"n": 6}'), 6),
        ):
            result = mfp(tmp_path, *command, *option)
            assert result.returncode == 0, result.stderr
            (path,) = (
                tmp_path.rglob("a_prefect.py")
                if command[0] == "convert"
                else (tmp_path / "prefect_flows/flows/deep/a_prefect.py",)
            )
            assert f"p: int = {number}" in path.read_text()
            assert "config config is taken" not in result.stderr
        wrong = mfp(tmp_path, *command, "--config", "confg", "other.json")
        assert wrong.returncode == 2
        assert "config named confg" in wrong.stderr


def test_settings_count_for_flows_that_have_the_config(tmp_path: Path) -> None:
    settings = '[tool.mfp]\nconfigs = { config = "other.json" }\n'
    write(tmp_path, FILES | {"flows/plain.py": PLAIN, "pyproject.toml": settings})
    result = mfp(tmp_path, "convert-all")
    assert result.returncode == 0, result.stderr
    assert "p: int = 5" in (tmp_path / "prefect_flows/flows/deep/a_prefect.py").read_text()
    # Also where only a part is asked for, that the name is another flow's is no mistake.
    assert mfp(tmp_path, "convert-all", "flows/plain.py").returncode == 0


SETTINGS = """
[tool.mfp]
tags = ["x"]
configs = { config = "other.json", nowhere = "other.json" }

[[tool.mfp.overrides]]
paths = ["flows/old/"]
tags = ["y"]

[[tool.mfp.overrides]]
paths = ["flows/plain.py"]
configs = { config = "other.json" }
"""


def test_settings_that_concern_no_flow(tmp_path: Path) -> None:
    write(tmp_path, FILES | {"flows/plain.py": PLAIN, "pyproject.toml": SETTINGS})
    result = mfp(tmp_path, "convert-all")
    assert result.returncode == 2
    told = [line for line in result.stderr.splitlines() if line.startswith("mfp: ")]
    assert [line.partition(". ")[0] for line in told] == [
        "mfp: warning: pyproject.toml:7: the paths of this override match no flow",
        "mfp: error: pyproject.toml:4: no flow has a config named nowhere",
        "mfp: error: pyproject.toml:12: no flow has a config named config",
    ]


@pytest.mark.parametrize("repository", [True, False])
def test_settings_above_the_repository_do_not_count(tmp_path: Path, repository: bool) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.mfp]\ntags = ['stray']\n", "repo/a.py": PLAIN})
    if repository:
        subprocess.run(["git", "init", "--quiet", str(tmp_path / "repo")], check=True)
    assert mfp(tmp_path / "repo", "convert-all").returncode == 0
    assert "stray" not in (tmp_path / "repo/prefect_flows/a_prefect.py").read_text()


PARSERS = {
    "stands_in": ("import nowhere\n", "nowhere.load", "nowhere.load ("),
    "gives_one": (
        "import nowhere\ndef parse(text): return {'a': nowhere.A}\n",
        "parse",
        "nowhere.A (",
    ),
    "not_a_mapping": (
        "import nowhere\ndef parse(text): return nowhere.A\n",
        "parse",
        "nowhere.A (",
    ),
    "fails_on_one": (
        "import nowhere, json\ndef parse(text): return json.loads(nowhere.A)\n",
        "parse",
        "stubs were used for nowhere",
    ),
}


def test_stand_ins_in_parsers(tmp_path: Path) -> None:
    for name, (code, parser, _) in PARSERS.items():
        config = f'    config = Config("config", default_value="x", parser={parser})\n'
        write(tmp_path, {f"flows/{name}.py": f"{code}{HEAD}{config}{END}"})
    stub = ("--missing-imports", "stub", "--json", "-")
    first, second = (json.loads(mfp(tmp_path, "convert-all", *stub).stdout) for _ in range(2))
    assert first == second
    for flow in first["flows"]:
        _, _, expected = PARSERS[Path(flow["path"]).stem]
        assert expected in flow["error"]
        assert flow["remedy"].startswith("Install nowhere")
        assert flow["error"].isascii()
        assert "0x" not in flow["error"]
