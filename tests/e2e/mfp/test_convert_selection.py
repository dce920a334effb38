"""Which flows `mfp convert-all` takes, where their files go, and how it ends."""

import json
import signal
from pathlib import Path

import pytest
from support.mfp_command import mfp
from support.mfp_samples import FLOW, write

GOOD = FLOW + "\nif __name__ == '__main__':\n    F()\n"
CONFIGURED = GOOD.replace(
    "class F(FlowSpec):", "class F(FlowSpec):\n    values = Config('values', default='values.json')"
).replace("FlowSpec, step", "Config, FlowSpec, step", 1)


def generated(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*_prefect.py"))


def test_one_place_whatever_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, {"flows/config/a.py": GOOD, "flows/b.py": GOOD})
    places = ["prefect_flows/flows/b_prefect.py", "prefect_flows/flows/config/a_prefect.py"]
    for paths in (("flows/config",), ("flows",), (), ("flows/config/a.py", "flows/b.py")):
        assert mfp(tmp_path, "convert-all", *paths).returncode == 0
    assert generated(tmp_path) == places

    # What an earlier version has written elsewhere is shown, and removed on request.
    (tmp_path / places[0]).rename(tmp_path / "prefect_flows/b_prefect.py")
    text = (tmp_path / "prefect_flows/b_prefect.py").read_text()
    (tmp_path / "prefect_flows/b_prefect.py").write_text(text.replace("../../flows/", "../flows/"))
    told = mfp(tmp_path, "convert-all", "flows/config")
    assert f"b_prefect.py: its flow goes to {places[0]}" not in told.stderr  # nobody knows flows/b
    told = mfp(tmp_path, "convert-all")
    assert f"prefect_flows/b_prefect.py: its flow goes to {places[0]}" in told.stderr
    assert mfp(tmp_path, "convert-all", "--check").returncode == 3  # it was edited, too
    assert mfp(tmp_path, "convert-all", "--prune", "--force").returncode == 0
    assert generated(tmp_path) == places


@pytest.mark.parametrize("settings", [None, "[tool.mfp]\n"])
def test_one_place_whichever_folder_it_is_made_from(tmp_path: Path, settings: str | None) -> None:
    files = {".git/HEAD": "", "a.py": GOOD, "deep/a.py": CONFIGURED, "deep/values.json": "{}"}
    write(tmp_path, files | ({"pyproject.toml": settings} if settings else {}))
    output = tmp_path / "prefect_flows/deep/a_prefect.py"
    made = set()
    for folder, path in (("deep", "."), ("deep", "a.py"), (".", "deep"), ("prefect_flows", "..")):
        assert mfp(tmp_path / folder, "convert-all", path).returncode == 0
        made.add(output.read_text())
        assert generated(tmp_path)[-1:] == ["prefect_flows/deep/a_prefect.py"]
        output.unlink()
    assert len(made) == 1
    assert not list(tmp_path.glob("deep/prefect_flows"))


def test_names_given_in_settings_keep_their_flows(tmp_path: Path) -> None:
    settings = "[[tool.mfp.overrides]]\npaths = ['*.py']\noutput = 'same.py'\n"
    write(tmp_path, {"flows/a.py": GOOD, "flows/b.py": GOOD, "pyproject.toml": settings})
    assert mfp(tmp_path, "convert-all").returncode == 0
    result = mfp(tmp_path, "convert-all", "flows/b.py", "--json", "-")
    (flow,) = json.loads(result.stdout)["flows"]
    assert (flow["output"], flow["status"]) == ("prefect_flows/flows/same_2.py", "unchanged")


def test_paths_and_options_of_the_settings(tmp_path: Path) -> None:
    settings = "[tool.mfp]\npaths = ['flows']\nexclude = ['flows/old/']\noutput-dir = 'made'\n"
    settings += "missing-imports = 'stub'\njobs = 1\n"
    files = {"flows/a.py": f"import nowhere\n{GOOD}", "flows/old/b.py": GOOD, "other/c.py": GOOD}
    write(tmp_path, files | {"pyproject.toml": settings, ".git/HEAD": ""})
    assert mfp(tmp_path, "convert-all").returncode == 0
    assert generated(tmp_path) == ["made/flows/a_prefect.py"]
    listed = json.loads(mfp(tmp_path / "flows", "list", "--json").stdout)["flows"]
    assert [flow["path"] for flow in listed] == ["a.py"]
    again = mfp(tmp_path / "flows", "convert-all")
    assert again.stderr.splitlines()[-1].startswith("0 converted, 1 unchanged")
    assert mfp(tmp_path, "convert-all", "other").returncode == 0
    assert generated(tmp_path) == ["made/flows/a_prefect.py", "made/other/c_prefect.py"]
    assert mfp(tmp_path, "convert-all", "--missing-imports", "error").returncode == 3


def test_exit_codes_tell_failures_from_differences(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": GOOD})
    assert mfp(tmp_path, "convert-all", "--check").returncode == 1
    write(tmp_path, {"b.py": "1 / 0\n" + GOOD})
    assert mfp(tmp_path, "convert-all", "--check").returncode == 4
    assert mfp(tmp_path, "convert-all").returncode == 3
    assert mfp(tmp_path, "convert-all", "--check").returncode == 3


def test_nothing_to_convert(tmp_path: Path) -> None:
    write(tmp_path, {"flows/a.txt": ""})
    for options, code in (((), 0), (("--fail-on-empty",), 5)):
        result = mfp(tmp_path, "convert-all", "flows", *options)
        assert result.returncode == code
        assert "No flows found in flows." in result.stderr
    result = mfp(tmp_path, "list", "--fail-on-empty")
    assert (result.returncode, "No flows found in the current folder." in result.stderr) == (
        5,
        True,
    )


def test_how_much_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": GOOD, "b.py": "1 / 0\n" + GOOD})
    first = mfp(tmp_path, "convert-all")
    assert [line.split()[0] for line in first.stdout.splitlines()] == ["FLOW", "a.py:4", "b.py:5"]
    second = mfp(tmp_path, "convert-all")
    assert [line.split()[0] for line in second.stdout.splitlines()] == ["FLOW", "b.py:5"]
    full = mfp(tmp_path, "convert-all", "--verbose")
    assert "a.py:4  F      unchanged" in full.stdout
    quiet = mfp(tmp_path, "convert-all", "--quiet")
    assert quiet.stdout == ""
    assert [line[:10] for line in quiet.stderr.splitlines()] == ["b.py:5: F:"]


def test_flows_with_stand_ins_are_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": GOOD, "b.py": f"import nowhere.deep as n, elsewhere\n{GOOD}"})
    for status in ("converted", "unchanged"):
        result = mfp(tmp_path, "convert-all", "-v", "--missing-imports", "stub", "--json", "r.json")
        assert result.stderr.splitlines()[-1].endswith(
            "0 failed; 1 with stubs for elsewhere, nowhere."
        )
        row = result.stdout.splitlines()[-1]
        assert row.endswith(f"{status}  prefect_flows/b_prefect.py (stubs for elsewhere, nowhere)")
        flows = json.loads((tmp_path / "r.json").read_text())["flows"]
        assert [flow["stand_ins"] for flow in flows] == [[], ["elsewhere", "nowhere"]]


def test_import_inside_a_library(tmp_path: Path) -> None:
    """What a library asks for gets no stand-in, and the remedy says why."""
    asking = "import xml.dom.domreg as d\nd.well_known_implementations['x'] = 'nowhere_inside'\n"
    write(tmp_path, {"b.py": f"{asking}d.getDOMImplementation('x')\n{GOOD}"})
    result = mfp(tmp_path, "convert-all", "b.py", "--missing-imports", "stub", "--json", "-")
    (flow,) = json.loads(result.stdout)["flows"]
    assert flow["error"] == "The module nowhere_inside is not installed (line 3)"
    assert flow["remedy"].startswith("Install nowhere_inside: the library xml imports it itself")


@pytest.mark.parametrize("number", [signal.SIGRTMIN + 2, signal.SIGKILL])
def test_any_signal_ends_only_its_flow(tmp_path: Path, number: int) -> None:
    write(tmp_path, {"a.py": f"import os\nos.kill(os.getpid(), {number})\n{GOOD}", "b.py": GOOD})
    result = mfp(tmp_path, "convert-all", "--json", "-")
    assert result.returncode == 3, result.stderr
    flows = json.loads(result.stdout)["flows"]
    assert [flow["status"] for flow in flows] == ["failed", "converted"]
    name = "SIGKILL" if number == signal.SIGKILL else f"signal {int(number)}"
    assert f"was killed by {name}" in flows[0]["error"]


BROKEN = {
    "syntax.py": ("def x(:\n", "Line 1 is not valid Python"),
    "helped.py": (f"import helper\n{GOOD}", "helper.py:2"),
    "importing.py": (f"import json\nimport not_there\n{GOOD}", "(line 2)"),
    "raising.py": (f"\nraise ValueError('no')\n{GOOD}", "ValueError: no (line 2)"),
    "calling.py": (f"import caller\n{GOOD}", "(line 1, from caller.py:1)"),
}


@pytest.mark.parametrize("command", ["convert", "show", "run"])
def test_flow_that_cannot_be_loaded_gets_one_line(tmp_path: Path, command: str) -> None:
    files = {name: code for name, (code, _) in BROKEN.items()}
    write(tmp_path, files | {"helper.py": "x = 1\ndef y(:\n", "caller.py": "1 / 0\n"})
    for name, (_, place) in BROKEN.items():
        result = mfp(tmp_path, command, name)
        assert result.returncode == 3
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"mfp: error: {name}: ")
        assert place in line
