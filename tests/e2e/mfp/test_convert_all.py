"""`mfp convert-all`: which files it writes, checks and removes, and what it says."""

import json
import os
from pathlib import Path

import pytest
from support.mfp_command import mfp
from support.mfp_samples import BODY, FLOW, write

GOOD = FLOW + "\nif __name__ == '__main__':\n    F()\n"
SEVERAL = FLOW + f"\n\nclass G(FlowSpec):{BODY}\n\nif __name__ == '__main__':\n    F()\n"
BROKEN = "# FlowSpec\ndef x(:\n"


def generated(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*_prefect.py"))


def test_whole_life(tmp_path: Path) -> None:
    write(tmp_path, {"flows/a/b.py": GOOD, "flows/c.py": SEVERAL})
    assert mfp(tmp_path, "convert-all", "flows", "--check").returncode == 1
    assert generated(tmp_path) == []

    first = mfp(tmp_path, "convert-all", "./flows", "--json", "out/r.json")
    assert first.returncode == 0
    assert first.stderr.splitlines()[-1] == "3 converted, 0 unchanged, 0 failed."
    files = [f"prefect_flows/{name}_prefect.py" for name in ("flows/a/b", "flows/c_F", "flows/c_G")]
    assert generated(tmp_path) == files
    document = json.loads((tmp_path / "out" / "r.json").read_text())
    assert document["flows"][0] == {
        "path": "flows/a/b.py",
        "class": "F",
        "line": 4,
        "output": "prefect_flows/flows/a/b_prefect.py",
        "status": "converted",
        "error": None,
        "remedy": None,
        "note": "",
        "configs": {},
        "stand_ins": [],
    }
    stamps = [(tmp_path / name).stat().st_mtime_ns for name in files]

    second = mfp(tmp_path, "convert-all", "flows")
    assert second.stderr.splitlines()[-1] == "0 converted, 3 unchanged, 0 failed."
    assert [(tmp_path / name).stat().st_mtime_ns for name in files] == stamps
    assert mfp(tmp_path, "convert-all", "flows", "--check").returncode == 0

    write(tmp_path, {"flows/a/b.py": GOOD.replace("class F(", "class H(").replace("F()", "H()")})
    check = mfp(tmp_path, "convert-all", "flows", "--check")
    assert check.returncode == 1
    assert f"changed: {files[0]}" in check.stdout
    (row,) = [line for line in check.stdout.splitlines() if line.startswith("flows/a/b.py")]
    assert row.split()[1:4] == ["H", "would", "change"]
    assert "+def h(" in check.stdout
    assert mfp(tmp_path, "convert-all", "flows").returncode == 0

    (tmp_path / "flows" / "c.py").unlink()
    check = mfp(tmp_path, "convert-all", "flows", "--check")
    assert check.returncode == 1
    assert f"removed: {files[1]}" in check.stdout
    assert check.stderr.endswith("0 failed, 2 would be removed.\n")
    assert "--prune" in mfp(tmp_path, "convert-all", "flows").stderr
    assert generated(tmp_path) == files
    pruned = mfp(tmp_path, "convert-all", "flows", "--prune", "--json", "-")
    assert pruned.returncode == 0
    assert [tuple(one.values())[:2] for one in json.loads(pruned.stdout)["stale"]] == [
        (file, "removed") for file in files[1:]
    ]
    assert generated(tmp_path) == files[:1]


def test_prune_keeps_what_is_not_gone(tmp_path: Path) -> None:
    newer = "b/flöw_₿.py"  # the file's text has an escape for it
    flows = {"a/x.py": GOOD, "b/y.py": GOOD, newer: GOOD}
    write(tmp_path, {**flows, "prefect_flows/mine_prefect.py": "x = 1\n"})
    assert mfp(tmp_path, "convert-all").returncode == 0
    assert mfp(tmp_path, "convert-all", "a", "--prune").returncode == 0
    assert mfp(tmp_path, "convert-all", "--exclude", "a/", "--prune").returncode == 0
    assert mfp(tmp_path, "convert-all", "--prune").returncode == 0
    assert generated(tmp_path) == [
        "prefect_flows/a/x_prefect.py",
        "prefect_flows/b/flöw_₿_prefect.py",
        "prefect_flows/b/y_prefect.py",
        "prefect_flows/mine_prefect.py",
    ]


def test_shards_hold_everything_once(tmp_path: Path) -> None:
    flows = {f"{name}.py": GOOD for name in "abcde"}
    write(tmp_path, {**flows, "broken.py": BROKEN, "gone.py": GOOD})
    assert mfp(tmp_path, "convert-all", "gone.py").returncode == 0
    (tmp_path / "gone.py").unlink()
    seen = []
    for shard in ("1/2", "2/2"):
        result = mfp(tmp_path, "convert-all", "--shard", shard, "--prune", "--json", "-")
        seen += [flow["path"] for flow in json.loads(result.stdout)["flows"]]
        assert ("removed:" in result.stderr) == (shard == "1/2")
    assert sorted(seen) == sorted([*flows, "broken.py"])
    assert generated(tmp_path) == [f"prefect_flows/{name}_prefect.py" for name in "abcde"]


def test_edited_by_hand(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": GOOD})
    output = tmp_path / "prefect_flows" / "a_prefect.py"
    assert mfp(tmp_path, "convert-all").returncode == 0
    made = output.read_text()
    output.write_text(made + "# mine\n")
    result = mfp(tmp_path, "convert-all")
    assert result.returncode == 3
    assert "was edited by hand. Make the change in the flow, or overwrite it by --force" in (
        result.stderr
    )
    assert output.read_text() == made + "# mine\n"
    assert mfp(tmp_path, "convert-all", "--force").returncode == 0
    assert output.read_text() == made

    output.write_text(made + "# mine\n")
    (tmp_path / "a.py").unlink()
    assert mfp(tmp_path, "convert-all", "--prune").returncode == 3
    assert output.exists()
    assert mfp(tmp_path, "convert-all", "--prune", "--force").returncode == 0
    assert not output.exists()


def test_one_failure_stops_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "1 / 0\n" + GOOD, "b.py": BROKEN, "c.py": GOOD})
    result = mfp(tmp_path, "convert-all", "--json", "-")
    assert result.returncode == 3
    flows = json.loads(result.stdout)["flows"]
    assert [(f["path"], f["class"], f["line"], f["status"]) for f in flows] == [
        ("a.py", "F", 5, "failed"),
        ("b.py", None, 2, "failed"),
        ("c.py", "F", 4, "converted"),
    ]
    table = mfp(tmp_path, "convert-all")
    assert [line.split()[:3] for line in table.stdout.splitlines()] == [
        ["FLOW", "CLASS", "STATUS"],
        ["a.py:5", "F", "failed"],
        ["b.py:2", "failed", "is"],
    ]
    for flow, row in zip(flows[:2], table.stdout.splitlines()[1:], strict=False):
        assert row.endswith(f"{flow['error'].rstrip('.')}. {flow['remedy']}")
    # One line each on standard error, too, where that is another file or pipe.
    assert [line[:16] for line in table.stderr.splitlines()] == [
        "a.py:5: F: Loadi",
        "b.py:2: is not v",
        "0 converted, 1 u",
    ]


def test_plain_lines_tell_how_far_it_is(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.py": GOOD for name in "abcdefghij"})
    for check, status in ((("--check",), "would change"), ((), "converted")):
        lines = mfp(tmp_path, "convert-all", "-v", "--jobs", "1", *check).stderr.splitlines()
        flows = [f"{name}.py:4" for name in "abcdefghij"]
        numbers = [f"[{number:>2}/10]" for number in range(1, 11)]
        told = [f"{n} {status} {flow}" for n, flow in zip(numbers, flows, strict=True)]
        assert lines[:10] == told
    assert len(mfp(tmp_path, "convert-all").stderr.splitlines()) == 1


def test_json_to_a_pipe_does_not_replace_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with os.fdopen(os.open(pipe, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0) as reader:
        assert mfp(tmp_path, "convert-all", "--json", "pipe").returncode == 0
        assert json.loads(reader.read(10_000)) == {"flows": [], "stale": []}
    assert pipe.is_fifo()


def test_foreign_file_is_kept(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": GOOD, "prefect_flows/a_prefect.py": "mine = 1\n"})
    result = mfp(tmp_path, "convert-all")
    assert result.returncode == 3
    assert "was not made by metaflow-prefect" in result.stderr
    assert (tmp_path / "prefect_flows" / "a_prefect.py").read_text() == "mine = 1\n"


def test_names_never_meet(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": SEVERAL, "x_F.py": GOOD, "d/x.py": GOOD, "e/x.py": GOOD})
    assert mfp(tmp_path, "convert-all", "x.py", "x_F.py", "d", "e").returncode == 0
    assert generated(tmp_path / "prefect_flows") == [
        "d/x_prefect.py",
        "e/x_prefect.py",
        "x_F_2_prefect.py",
        "x_F_prefect.py",
        "x_G_prefect.py",
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nowhere",), "nowhere is neither a file nor a folder"),
        (("--jobs", "0"), "--jobs"),
        (("--timeout", "0"), "--timeout"),
        (("--include", "["), "'['"),
        (("--shard", "3/2"), "'3/2' is not of the form I/N"),
    ],
)
def test_usage(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    result = mfp(tmp_path, "convert-all", *arguments)
    assert result.returncode == 2
    assert text in result.stderr


def test_convert_one(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": SEVERAL, "b.py": "1 / 0\n" + GOOD, "c.py": SEVERAL[:-5] + "pass"})
    assert mfp(tmp_path, "convert", "a.py").returncode == 0
    assert " F " in (tmp_path / "a_prefect.py").read_text().splitlines()[0]
    other = mfp(tmp_path, "convert", "a.py:G", "-o", "g.py")
    assert other.returncode == 0
    assert "The file starts F." in other.stderr
    assert " G " in (tmp_path / "g.py").read_text().splitlines()[0]
    for arguments, code, text in (
        (("a.py:Z",), 3, "defines no flow named Z"),
        (("b.py",), 3, "raised ZeroDivisionError: division by zero (line 1). Make python"),
        (("c.py",), 3, "starts no flow; the flows that it defines: F, G. Name one"),
        (("z.py",), 2, "z.py is neither"),
        (("a.py", "-o", "a.py"), 3, "own file"),
    ):
        result = mfp(tmp_path, "convert", *arguments)
        assert (result.returncode, text in result.stderr) == (code, True), result.stderr
