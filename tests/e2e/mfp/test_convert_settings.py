"""`[tool.mfp]` in pyproject.toml: what flows are converted with."""

import json
from pathlib import Path

import pytest
from support.mfp_command import mfp
from support.mfp_samples import BODY, write

FLOW = f"""from metaflow import Config, FlowSpec, Parameter, step


class F(FlowSpec):
    config = Config("config", default_value={{"number": 0}})
    p = Parameter("p", default=config.number)
{BODY}

if __name__ == "__main__":
    F()
"""
SETTINGS = """
[tool.mfp]
datastore = "azure"
tags = ["all"]
with = ["retry:times=3"]

[[tool.mfp.overrides]]
paths = ["flows/b.py"]
datastore = "gs"
environment = "conda"
configs = { config = "conf/prod.json" }
output = "other.py"

[[tool.mfp.overrides]]
paths = ["flows/c*"]
tags = []
output = "other.py"
"""


def test_options_configs_tags_and_names(tmp_path: Path) -> None:
    files = {f"flows/{name}.py": FLOW for name in "abc"}
    write(tmp_path, {**files, "pyproject.toml": SETTINGS, "conf/prod.json": '{"number": 7}'})
    result = mfp(tmp_path, "convert-all", "flows")
    assert result.returncode == 0, result.stderr
    a, b, c = (
        (tmp_path / "prefect_flows/flows" / name).read_text()
        for name in ("a_prefect.py", "other.py", "other_2.py")
    )
    assert 'options=["--datastore=azure", "--with=retry:times=3"],' in a
    assert 'options=["--environment=conda", "--datastore=gs", ' in b
    assert ("p: int = 0" in a, "p: int = 7" in b) == (True, True)
    assert ["--tag=all" in text for text in (a, b, c)] == [True, True, False]
    assert "retries=3" in a
    assert mfp(
        tmp_path, "convert", "flows/a.py", "-o", "prefect_flows/flows/a_prefect.py"
    ).stderr == ("Unchanged: prefect_flows/flows/a_prefect.py\n")
    (tmp_path / "conf" / "prod.json").write_text('{"number": 8}')
    changed = mfp(tmp_path, "convert-all", "flows")
    assert changed.stderr.splitlines()[-1] == "1 converted, 2 unchanged, 0 failed."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[tool.mfp]\ndatastor = 's3'",
            "2: tool.mfp.datastor is unknown: perhaps you mean datastore. Correct",
        ),
        ("[tool.mfp]\ndatastore = 3", ":2: tool.mfp.datastore must be a string"),
        ("[tool.mfp]\nwith = 'retry'", "tool.mfp.with must be a list"),
        ("[tool.mfp]\nconfigs = 'x'", "tool.mfp.configs must be a table"),
        ("[[tool.mfp.overrides]]\ntags = []", "tool.mfp.overrides[0].paths is missing"),
        (
            "[[tool.mfp.overrides]]\npaths = ['a']\noutput = '../a.py'",
            ":3: tool.mfp.overrides[0].output must be the name of a Python file",
        ),
        ("[tool.mfp", "is not valid TOML"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, {"pyproject.toml": text})
    result = mfp(tmp_path, "convert-all")
    assert result.returncode == 2
    assert message in result.stderr


def test_what_is_in_force_and_from_where(tmp_path: Path) -> None:
    settings = SETTINGS.replace('tags = ["all"]', 'tags = ["all"]\noutput-dir = "made"')
    write(tmp_path, {"flows/b.py": FLOW, "pyproject.toml": settings})
    result = mfp(tmp_path, "settings", "flows/b.py", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)["settings"]
    assert found["datastore"] == {"value": "gs", "from": "pyproject.toml:10"}
    assert found["tags"] == {"value": ["all"], "from": "pyproject.toml:4"}
    assert found["configs"]["value"] == {"config": "conf/prod.json"}
    assert found["output-dir"] == {"value": "made", "from": "pyproject.toml:5"}
    assert found["missing-imports"] == {"value": "error", "from": "default"}
    general = mfp(tmp_path, "settings")
    assert ["datastore", '"azure"', "pyproject.toml:3"] in map(
        str.split, general.stdout.splitlines()
    )
    assert mfp(tmp_path, "settings", "nowhere.py").returncode == 2


def test_runtime_that_is_installed(tmp_path: Path) -> None:
    settings = "[tool.mfp]\nruntime = 'installed'\n"
    settings += "[[tool.mfp.overrides]]\npaths = ['b.py']\nruntime = 'embedded'\n"
    write(tmp_path, {"a.py": FLOW, "b.py": FLOW, "pyproject.toml": settings})

    def imports() -> list[bool]:
        made = [tmp_path / f"prefect_flows/{name}_prefect.py" for name in "ab"]
        return ["from metaflow_prefect.runtime" in path.read_text() for path in made]

    assert mfp(tmp_path, "convert-all").returncode == 0
    assert imports() == [True, False]
    assert len((tmp_path / "prefect_flows/a_prefect.py").read_text().splitlines()) < 90
    assert mfp(tmp_path, "convert-all", "--runtime", "installed").returncode == 0
    assert imports() == [True, True]
    assert mfp(tmp_path, "convert", "a.py", "--runtime", "embedded", "-o", "x.py").returncode == 0
    assert "from metaflow_prefect.runtime" not in (tmp_path / "x.py").read_text()
