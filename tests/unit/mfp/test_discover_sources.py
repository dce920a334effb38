"""Encodings, syntax errors and other sources that Python may not accept."""

import codecs
import os
from pathlib import Path

import pytest
from mfp.discover import discover
from mfp.discover.files.prefilter import LARGEST_SOURCE
from support.mfp_samples import FLOW, Found


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(FLOW.encode(), id="ascii"),
        pytest.param(f"# \N{SNOWMAN}\n{FLOW}".encode(), id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + FLOW.encode(), id="bom"),
        pytest.param(f"# coding: latin-1\n# é\n{FLOW}".encode("latin-1"), id="latin-1"),
        pytest.param(
            f"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n# €\n{FLOW}".encode("cp1252"),
            id="second-line",
        ),
        pytest.param(f"# vim: set fileencoding=koi8-r :\n# Ж\n{FLOW}".encode("koi8-r"), id="vim"),
        pytest.param(FLOW.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(FLOW.replace("\n", "\r").encode(), id="cr"),
        pytest.param(f'x = "\\d"\n{FLOW}'.encode(), id="invalid-escape"),
        pytest.param(f"{FLOW}\f\n".encode(), id="form-feed"),
    ],
)
def test_accepted(found: Found, source: bytes) -> None:
    result = found({"f.py": source})
    assert [flow.name for flow in result.flows] == ["F"]
    assert not result.problems


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        pytest.param(b"# FlowSpec\ndef x(:\n", 2, "is not valid Python", id="syntax"),
        pytest.param(b"# FlowSpec\nprint 'x'\n", 2, "is Python 2", id="python-2"),
        pytest.param(b"# FlowSpec\nx = 1\n y = 2\n", 3, "unexpected indent", id="indent"),
        pytest.param(b"# FlowSpec\n# \xe9\n", 2, "cannot be decoded", id="undeclared"),
        pytest.param(b"# coding: nope\n# FlowSpec\n", 1, "cannot be decoded", id="unknown"),
        pytest.param(b"# FlowSpec\nx = '\0'\n", 2, "null byte", id="null"),
        pytest.param(b"# FlowSpec\n" + b"(" * 50_000, None, "", id="parentheses"),
        pytest.param(
            b"# FlowSpec\nx = " + b"-" * 50_000 + b"1\n", None, "nested too deeply", id="deep"
        ),
        pytest.param(b"#" * LARGEST_SOURCE + b"\n# FlowSpec\n", None, "too large", id="too-large"),
    ],
)
def test_problem_and_the_rest_goes_on(
    found: Found, source: bytes, line: int | None, message: str
) -> None:
    result = found({"a.py": source, "f.py": FLOW})
    assert [flow.name for flow in result.flows] == ["F"]
    assert [str(one.path) for one in result.problems] == ["a.py"]
    assert message in result.problems[0].message
    assert line is None or result.problems[0].line == line
    assert "--exclude" in result.problems[0].remedy


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"def x(:\n", id="syntax"),
        pytest.param(b"\xff\xfe\0", id="binary"),
        pytest.param(b"#" * (LARGEST_SOURCE + 1), id="large"),
    ],
)
def test_file_that_does_not_concern_us_is_no_problem(found: Found, source: bytes) -> None:
    assert found({"a.py": source}).problems == ()


def test_long_chain_of_bases(found: Found) -> None:
    lines = ["class C0(FlowSpec): ..."]
    lines += [f"class C{number}(C{number - 1}): ..." for number in range(1, 300)]
    result = found({"a.py": "from metaflow import FlowSpec\n" + "\n".join(lines), "f.py": FLOW})
    assert len(result.left_out) == 300


def test_chain_of_bases_against_the_order_of_the_files(found: Found) -> None:
    files = {"b9999.py": "from metaflow import FlowSpec\nclass C(FlowSpec): ..."}
    for number in range(1000, 1600):
        files[f"b{number}.py"] = f"from b{number + 1} import C as B\nclass C(B): ..."
    files["b1600.py"] = "from b9999 import C as B\nclass C(B): ..."
    result = found({**files, "f.py": FLOW})
    assert [flow.name for flow in result.flows] == ["F"]


def test_long_sum_is_read_or_a_problem(found: Found) -> None:
    result = found({"a.py": "# FlowSpec\nx = " + "+".join(["1"] * 50_000), "f.py": FLOW})
    assert [flow.name for flow in result.flows] == ["F"]


def test_long_elif_chain(found: Found) -> None:
    chain = "if x:\n  pass\n" + "elif y:\n  pass\n" * 400
    assert [flow.name for flow in found({"f.py": chain + FLOW}).flows] == ["F"]


def test_dangling_link(found: Found, tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("nowhere.py")
    result = found({"f.py": FLOW})
    assert "\n".join(map(str, result.problems)) == (
        "a.py: cannot be read: no such file or directory. "
        "Make it readable, remove it, or leave the file out with --exclude."
    )
    assert len(result.flows) == 1


def test_link_to_itself(found: Found, tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("a.py")
    result = found({"f.py": FLOW})
    assert [str(one.path) for one in result.problems] == ["a.py"]
    assert len(result.flows) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(found: Found, tmp_path: Path) -> None:
    found({"a.py": FLOW, "p/b.py": FLOW, "f.py": FLOW})
    (tmp_path / "a.py").chmod(0)
    (tmp_path / "p").chmod(0)
    try:
        result = discover(["."], root=tmp_path)
    finally:
        (tmp_path / "p").chmod(0o700)
    assert [str(one.path) for one in result.problems] == ["a.py", "p"]
    assert [str(flow.path) for flow in result.flows] == ["f.py"]


def test_pipe_is_not_opened(found: Found, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert len(found({"f.py": FLOW}).flows) == 1
