"""No source makes discovery fail."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mfp.discover import discover
from support.mfp_samples import FLOW

TOKENS = st.sampled_from(
    [
        *("from", "import", "metaflow", "FlowSpec", "step", "class", "F", "(", ")", ":", "\n", " "),
        *("    ", "@", ".", "*", "as", "=", "if", "else", "try", "except", "__all__", "[", "]"),
        *("'", '"""', "\\", "#", "\0", "\f", "\ufeff", "é", "\ud800", "def", "self", ",", "..."),
        *("from metaflow import FlowSpec\n", "class F(FlowSpec):\n", "from f import *\n"),
        *("    @step\n", "    def start(self): ...\n", "import f\n", "class F(f.F): ...\n"),
        *("from . import f\n", "from .. import *\n", "__all__ += ['F']\n", "F = f.F\n"),
    ]
)


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
@settings(deadline=None)
@given(source=st.one_of(st.text(), st.lists(TOKENS).map("".join)))
@example(source="from f import *\nimport f\nclass F(f.F): ...\nF = f.F\n")
def test_text(suffix: str, source: str) -> None:
    check(suffix, b"# metaflow FlowSpec step class\n" + source.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
@settings(deadline=None)
@given(source=st.binary())
def test_bytes(suffix: str, source: bytes) -> None:
    check(suffix, source + b"\n# metaflow FlowSpec step class\n")


def check(suffix: str, source: bytes) -> None:
    """Discover in a folder with this file and another, which must be found in any case."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"f{suffix}").write_bytes(source)
        Path(folder, "other.py").write_text(FLOW, encoding="utf-8")
        result = discover(["."], root=folder)
        assert "other.py" in {str(flow.path) for flow in result.flows}
        assert discover(["."], root=folder) == result
