"""Flows in notebooks."""

import json

import pytest
from support.mfp_samples import FLOW, Found


def notebook(*cells: str) -> str:
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": cell.splitlines(True)} for cell in cells]}
    )


@pytest.mark.parametrize(
    ("cells", "cell", "line"),
    [
        pytest.param([FLOW], 1, 4, id="one"),
        pytest.param(["import os\n", FLOW], 2, 4, id="second"),
        pytest.param(["%matplotlib inline\n!pip install x\n", FLOW], 2, 4, id="magics"),
        pytest.param(["%%bash\nls (", FLOW], 2, 4, id="other-language"),
        pytest.param(["def broken(:", FLOW], 2, 4, id="broken-cell"),
        pytest.param(["%%time\n" + FLOW], 1, 5, id="timed"),
        pytest.param(
            ["from metaflow import FlowSpec, step", FLOW.split("\n\n\n")[1]], 2, 1, id="imports"
        ),
        pytest.param([FLOW, FLOW], 2, 4, id="defined-again"),
    ],
)
def test_found(found: Found, cells: list[str], cell: int, line: int) -> None:
    result = found({"n.ipynb": notebook(*cells)})
    assert [(one.cell, one.line, one.name) for one in result.notebooks] == [(cell, line, "F")]
    assert result.notebooks[0].steps == ("start", "end")
    assert result.flows == ()
    assert result.problems == ()


def test_text_is_no_code(found: Found) -> None:
    cells = [{"cell_type": "markdown", "source": FLOW}]
    assert found({"n.ipynb": json.dumps({"cells": cells})}).notebooks == ()


def test_source_as_one_string(found: Found) -> None:
    cells = [{"cell_type": "code", "source": FLOW}]
    assert len(found({"n.ipynb": json.dumps({"cells": cells})}).notebooks) == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("FlowSpec", id="no-json"),
        pytest.param('["FlowSpec"]', id="no-object"),
        pytest.param('{"worksheets": "FlowSpec"}', id="version-3"),
        pytest.param("[" * 200_000 + '"FlowSpec"', id="deep"),
        pytest.param(b'"FlowSpec \xff"', id="no-utf-8"),
    ],
)
def test_no_notebook(found: Found, content: str) -> None:
    result = found({"n.ipynb": content, "f.py": FLOW})
    assert [str(one.path) for one in result.problems] == ["n.ipynb"]
    assert len(result.flows) == 1


def test_notebook_that_does_not_concern_us_is_not_read_as_one(found: Found) -> None:
    assert found({"n.ipynb": "not a notebook"}).problems == ()
