"""Which files are looked at: folders, links, patterns, the paths asked for."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from mfp.discover import Discovery, discover
from mfp.errors import BadPatternError, PathNotFoundError
from support.mfp_samples import FLOW, Found, write


def paths(result: Discovery) -> list[str]:
    assert not result.problems
    return [str(flow.path) for flow in result.flows]


@pytest.mark.parametrize(
    "others",
    [
        pytest.param(["env/pyvenv.cfg", "env/lib/f.py"], id="virtual-environment"),
        pytest.param(["conda/conda-meta/history", "conda/f.py"], id="conda-environment"),
        pytest.param(["tagged/CACHEDIR.TAG", "tagged/f.py"], id="tagged-cache"),
        pytest.param(["a/__pycache__/f.py"], id="pycache"),
        pytest.param(["a/node_modules/p/f.py"], id="node-modules"),
        pytest.param(["lib/python3.11/site-packages/f.py"], id="site-packages"),
        pytest.param([".hidden/f.py"], id="hidden-folder"),
        pytest.param([".f.py"], id="hidden-file"),
        pytest.param(["f.txt", "f.py.bak", "f.pyi", "f"], id="other-suffix"),
    ],
)
def test_passed_over(found: Found, others: Iterable[str]) -> None:
    assert paths(found({"flow.py": FLOW, **dict.fromkeys(others, FLOW)})) == ["flow.py"]


@pytest.mark.parametrize("folder", ["build", "dist", "venv", "env", "lib"])
def test_no_folder_is_passed_over_for_such_a_name(found: Found, folder: str) -> None:
    assert paths(found({f"{folder}/f.py": FLOW})) == [f"{folder}/f.py"]


def test_sorted_by_parts_of_the_path(found: Found) -> None:
    names = ["a-b/f.py", "a/f.py", "a.py", "a/b/f.py", "B.py"]
    assert paths(found(dict.fromkeys(names, FLOW))) == [
        "B.py",
        "a/b/f.py",
        "a/f.py",
        "a-b/f.py",
        "a.py",
    ]


def test_same_twice(found: Found) -> None:
    files = {f"p{number % 3}/f{number}.py": FLOW for number in range(9)}
    assert found(files) == found({}, "p2", "p1", "p0", ".")


def test_link_to_a_file_counts_once(found: Found, tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("f.py")
    assert paths(found({"f.py": FLOW})) == ["f.py"]


def test_link_to_a_file_outside(tmp_path: Path) -> None:
    write(tmp_path, {"outside/f.py": FLOW, "root/g.py": FLOW})
    (tmp_path / "root" / "a.py").symlink_to("../outside/f.py")
    (tmp_path / "root" / "b.py").symlink_to("../outside/f.py")
    assert paths(discover(["."], root=tmp_path / "root")) == ["a.py", "g.py"]


def test_base_beside_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    derived = "from base import Base\n# FlowSpec\nclass G(Base): ..."
    write(tmp_path, {"outside/f.py": derived, "outside/base.py": FLOW.replace("F(", "Base(")})
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.py").symlink_to("../outside/f.py")
    assert paths(discover(["."], root=tmp_path / "root")) == ["a.py"]


def test_links_to_folders_are_not_followed(found: Found, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "loop").symlink_to("..")
    (tmp_path / "p" / "self").symlink_to("self")
    assert paths(found({"p/f.py": FLOW})) == ["p/f.py"]


def test_link_to_a_folder_that_is_named_is_followed(found: Found, tmp_path: Path) -> None:
    (tmp_path / "q").symlink_to("p")
    assert paths(found({"p/f.py": FLOW}, "q")) == ["q/f.py"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["."], ["a.py", "p/b.py"], id="root"),
        pytest.param(["p"], ["p/b.py"], id="folder"),
        pytest.param(["a.py"], ["a.py"], id="file"),
        pytest.param(["p/../a.py", "./a.py", "."], ["a.py", "p/b.py"], id="overlapping"),
        pytest.param([".hidden"], [".hidden/c.py"], id="hidden"),
        pytest.param([".hidden/c.py"], [".hidden/c.py"], id="hidden-file"),
        pytest.param(["env"], ["env/d.py"], id="environment"),
        pytest.param(["script"], ["script"], id="no-suffix"),
    ],
)
def test_asked_for(tmp_path: Path, asked: list[str], expected: list[str]) -> None:
    names = ["a.py", "p/b.py", ".hidden/c.py", "env/pyvenv.cfg", "env/d.py", "script"]
    write(tmp_path, dict.fromkeys(names, FLOW))
    assert paths(discover(asked, root=tmp_path)) == expected


def test_path_outside_of_the_root(tmp_path: Path) -> None:
    write(tmp_path, {"a/f.py": FLOW, "b/g.py": FLOW})
    assert paths(discover([tmp_path / "b", "."], root=tmp_path / "a")) == ["../b/g.py", "f.py"]


def test_path_that_does_not_exist(found: Found) -> None:
    with pytest.raises(PathNotFoundError, match="nowhere is neither a file nor a folder"):
        found({"f.py": FLOW}, ".", "nowhere")


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        pytest.param((), ("p/",), ["a.py", "r/p.py"], id="folder"),
        pytest.param((), ("*.py",), [], id="all"),
        pytest.param((), ("/a.py",), ["p/a.py", "p/q/b.py", "r/p.py"], id="anchored"),
        pytest.param((), ("a.py",), ["p/q/b.py", "r/p.py"], id="anywhere"),
        pytest.param((), ("*.py", "!a.py"), ["a.py", "p/a.py"], id="taken-back"),
        pytest.param((), ("*", "!*/", "!b.py"), ["p/q/b.py"], id="all-but"),
        pytest.param(("*.py", "!a.py"), (), ["p/q/b.py", "r/p.py"], id="include-but"),
        pytest.param((), ("p/**/b.py", "r"), ["a.py", "p/a.py"], id="several"),
        pytest.param(("p/",), (), ["p/a.py", "p/q/b.py"], id="include-folder"),
        pytest.param(("a.py", "b.py"), (), ["a.py", "p/a.py", "p/q/b.py"], id="include-names"),
        pytest.param(("p/",), ("q/",), ["p/a.py"], id="both"),
    ],
)
def test_patterns(
    found: Found, include: tuple[str, ...], exclude: tuple[str, ...], expected: list[str]
) -> None:
    files = dict.fromkeys(["a.py", "p/a.py", "p/q/b.py", "r/p.py"], FLOW)
    assert paths(found(files, include=include, exclude=exclude)) == expected


def test_exclude_counts_for_files_that_are_named(found: Found) -> None:
    assert paths(found({"a.py": FLOW, "b.py": FLOW}, "a.py", "b.py", exclude=("a.*",))) == ["b.py"]


def test_pattern_that_is_none(found: Found) -> None:
    with pytest.raises(BadPatternError, match="'!' is not in gitignore syntax"):
        found({"a.py": FLOW}, exclude=("!",))


def test_names_that_are_no_text(found: Found) -> None:
    name = b"caf\xe9 \n[bold].py".decode("utf-8", "surrogateescape")
    assert paths(found({name: FLOW})) == [name]
