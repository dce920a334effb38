"""Bases in other modules; the file with the flow need not speak of Metaflow."""

import pytest
from support.mfp_samples import Files, Found, derived

BASE = derived("from metaflow import FlowSpec", "FlowSpec", "Base")
CLASS = "class F({}):\n    pass\n"
FROM_P = "from p.base import Base\n" + CLASS.format("Base")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {"base.py": BASE, "f.py": "from base import Base\n" + CLASS.format("Base")}, id="beside"
        ),
        pytest.param(
            {"base.py": BASE, "f.py": "import base\n" + CLASS.format("base.Base")}, id="module"
        ),
        pytest.param(
            {"base.py": BASE, "f.py": "from base import *\n" + CLASS.format("Base")}, id="star"
        ),
        pytest.param(
            {"base.py": BASE, "f.py": "from base import Base as B\n" + CLASS.format("B")}, id="as"
        ),
        pytest.param(
            {"base.py": BASE, "f.py": "from base import (\n    Base,\n)\n" + CLASS.format("Base")},
            id="parentheses",
        ),
        pytest.param(
            {"base.py": BASE, "f.py": "from base import (  # :)\n  Base)\n" + CLASS.format("Base")},
            id="comment",
        ),
        pytest.param(
            {"base.py": BASE, "f.py": "from base import \\\n  Base\n" + CLASS.format("Base")},
            id="continued",
        ),
        pytest.param(
            {"p/base.py": BASE, "f.py": "import p.base\n" + CLASS.format("p.base.Base")},
            id="namespace-package",
        ),
        pytest.param(
            {
                "p/__init__.py": "",
                "p/base.py": BASE,
                "f.py": "from p import base as b\n" + CLASS.format("b.Base"),
            },
            id="package",
        ),
        pytest.param(
            {"p/base.py": BASE, "p/f.py": "from .base import Base\n" + CLASS.format("Base")},
            id="relative",
        ),
        pytest.param(
            {"p/base.py": BASE, "p/f.py": "from . import base\n" + CLASS.format("base.Base")},
            id="relative-module",
        ),
        pytest.param(
            {
                "p/base.py": BASE,
                "p/q/r/f.py": "from ...base import Base\n" + CLASS.format("Base"),
            },
            id="relative-three",
        ),
        pytest.param(
            {"p/__init__.py": BASE, "p/f.py": "from . import Base\n" + CLASS.format("Base")},
            id="own-package",
        ),
        pytest.param(
            {"p/__init__.py": BASE, "p/q/f.py": "from .. import Base\n" + CLASS.format("Base")},
            id="package-above",
        ),
        pytest.param(
            {
                "p/__init__.py": "from .base import Base",
                "p/base.py": BASE,
                "f.py": "from p import Base\n" + CLASS.format("Base"),
            },
            id="re-export",
        ),
        pytest.param(
            {
                "p/__init__.py": "from .q import *",
                "p/q/__init__.py": "from p.q.base import Base as Renamed",
                "p/q/base.py": BASE,
                "f.py": "import p\n" + CLASS.format("p.Renamed"),
            },
            id="re-export-chain",
        ),
        pytest.param(
            {
                "p/__init__.py": "from . import base",
                "p/base.py": BASE,
                "f.py": "import p\n" + CLASS.format("p.base.Base"),
            },
            id="re-exported-module",
        ),
        pytest.param(
            {
                "p/__init__.py": "from . import base",
                "p/base.py": "import p\n" + BASE,
                "f.py": "from p import base\n" + CLASS.format("base.Base"),
            },
            id="circular",
        ),
        pytest.param(
            {
                "a.py": "from b import *",
                "b.py": "from a import *\nfrom base import *",
                "base.py": BASE,
                "f.py": "from a import Base\n" + CLASS.format("Base"),
            },
            id="circular-stars",
        ),
        pytest.param(
            {
                "compat.py": "from metaflow import FlowSpec as Flow, step as st",
                "f.py": "from compat import *\nclass F(Flow):\n @st\n def start(self): ...\n"
                " @st\n def end(self): ...",
            },
            id="renamed",
        ),
        pytest.param(
            {
                "base.py": derived("from company import X", "X", "Base"),
                "f.py": "from base import Base\n" + CLASS.format("Base"),
            },
            id="library-behind",
        ),
        pytest.param(
            {
                "base.py": BASE,
                "f.py": "from base import (  # see (1)\n  Base,  # and (2)\n)\n"
                + CLASS.format("Base"),
            },
            id="comments",
        ),
        pytest.param(
            {
                "base.py": BASE + "\nAlias = Base\n",
                "f.py": "from base import Alias\n" + CLASS.format("Alias"),
            },
            id="alias",
        ),
        pytest.param(
            {
                "compat.py": "import metaflow as mf",
                "base.py": derived("from compat import mf", "mf.FlowSpec", "Base"),
                "f.py": "from base import Base\n" + CLASS.format("Base"),
            },
            id="metaflow-re-exported",
        ),
        pytest.param(
            {
                "src/p/base.py": BASE,
                "src/p/f.py": FROM_P,
            },
            id="src",
        ),
        pytest.param(
            {
                "src/p/base.py": BASE,
                "jobs/f.py": FROM_P,
            },
            id="src-of-root",
        ),
        pytest.param(
            {
                "libs/one/pyproject.toml": "",
                "libs/one/src/one/base.py": BASE,
                "jobs/f.py": "from one.base import Base\n" + CLASS.format("Base"),
            },
            id="distribution",
        ),
        pytest.param(
            {
                "libs/one/setup.py": "",
                "libs/one/one/base.py": BASE,
                "jobs/f.py": "from one.base import Base\n" + CLASS.format("Base"),
            },
            id="flat-distribution",
        ),
        pytest.param(
            {"base.py": BASE, "a/b/f.py": "from base import Base\n" + CLASS.format("Base")},
            id="root",
        ),
        pytest.param(
            {"base.py": BASE, "f.py": "from base import Base\n" + CLASS.format("Base[int]")},
            id="subscript",
        ),
    ],
)
def test_inherited_graph(found: Found, files: Files) -> None:
    result = found(files)
    assert [flow.steps for flow in result.flows if flow.name == "F"] == [("start", "end")]
    assert not result.problems


@pytest.mark.parametrize(
    ("exports", "flows"),
    [
        pytest.param("", 1, id="none"),
        pytest.param("__all__ = ['Base']", 1, id="listed"),
        pytest.param("__all__ = ('Base',)", 1, id="tuple"),
        pytest.param("__all__ = ['x']", 0, id="not-listed"),
        pytest.param("__all__ = []", 0, id="empty"),
        pytest.param("__all__ = ['x']\n__all__ += ['Base']", 1, id="added"),
        pytest.param("__all__ = ['x']\n__all__.append('Base')", 1, id="appended"),
        pytest.param("__all__ = ['x']\n__all__.extend(['Base'])", 1, id="extended"),
        pytest.param("__all__: list[str] = ['x']", 0, id="annotated"),
        pytest.param("__all__ = other()", 1, id="computed"),
    ],
)
def test_star_honours_all(found: Found, exports: str, flows: int) -> None:
    files = {"base.py": BASE + exports, "f.py": "from base import *\n" + CLASS.format("Base")}
    assert len([flow for flow in found(files).flows if flow.name == "F"]) == flows


def test_star_leaves_private_names(found: Found) -> None:
    base = derived("from metaflow import FlowSpec", "FlowSpec", "_Base")
    files = {"base.py": base, "f.py": "from base import *\n" + CLASS.format("_Base")}
    assert [flow.name for flow in found(files).flows] == ["_Base"]


def test_module_beside_the_file_comes_before_the_root(found: Found) -> None:
    files = {
        "base.py": "class Base: ...",
        "p/base.py": BASE,
        "p/f.py": "from base import Base\n" + CLASS.format("Base"),
    }
    assert [flow.name for flow in found(files).flows] == ["Base", "F"]


def test_circular_imports_and_bases_end(found: Found) -> None:
    files = {
        "a.py": "from b import B\nfrom metaflow import FlowSpec\nclass A(B): ...",
        "b.py": "from a import A\nfrom metaflow import FlowSpec\nclass B(A): ...",
    }
    assert found(files).flows == ()


def test_base_of_a_library(found: Found) -> None:
    files = {"f.py": derived("from company import TeamFlow", "TeamFlow")}
    assert [flow.name for flow in found(files).flows] == ["F"]


def test_mixin_of_a_library_is_no_flow(found: Found) -> None:
    source = derived("from company import Checks", "Checks", "Mixin")
    source += "from metaflow import FlowSpec\nclass F(Mixin, FlowSpec):\n    pass\n"
    assert [flow.name for flow in found({"f.py": source}).flows] == ["F"]


def test_graph_partly_in_a_library(found: Found) -> None:
    source = """
        from company import Checks
        from metaflow import FlowSpec, step

        class F(Checks, FlowSpec):
            @step
            def middle(self): ...

            @step
            def end(self): ...
    """
    result = found({"f.py": source})
    assert [flow.steps for flow in result.flows] == [("middle", "end")]
    assert not result.problems


@pytest.mark.parametrize(
    "base",
    ["base.py", "src/base.py", "libs/one/base.py", "libs/one/src/base.py"],
)
@pytest.mark.parametrize(
    ("asked", "options"),
    [
        pytest.param("jobs", {}, id="folder"),
        pytest.param("jobs/f.py", {}, id="file"),
        pytest.param(".", {"exclude": ("base.py",)}, id="excluded"),
        pytest.param(".", {"include": ("f.py",)}, id="not-included"),
    ],
)
def test_base_in_a_file_that_was_not_asked_for(
    found: Found, base: str, asked: str, options: dict[str, tuple[str, ...]]
) -> None:
    files = {
        ".git/HEAD": "",
        "libs/one/pyproject.toml": "",
        base: BASE,
        "jobs/f.py": "from base import Base\nclass F(Base): ...",
        "jobs/broken.py": "# FlowSpec\n(",
    }
    result = found(files, asked, **options)
    assert [str(flow.path) for flow in result.flows] == ["jobs/f.py"]
    assert len(result.problems) == (0 if options.get("include") or asked == "jobs/f.py" else 1)
