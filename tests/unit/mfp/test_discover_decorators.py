"""The decorators of a flow, its bases and its steps."""

import pytest
from support.mfp_samples import Found

HEAD = "import metaflow\nimport metaflow as mf\nfrom metaflow import *\nfrom metaflow import step\n"
FLOW = "class F(mf.FlowSpec):\n"
STEPS = "    @step\n    def start(self): ...\n    @step\n    def end(self): ...\n"


@pytest.mark.parametrize(
    ("source", "decorators"),
    [
        pytest.param(f"{FLOW}{STEPS}", (), id="none"),
        pytest.param(
            f"@mf.schedule(daily=True)\n@metaflow.project(name='x')\n{FLOW}{STEPS}",
            ("project", "schedule"),
            id="flow",
        ),
        pytest.param(
            f"from metaflow import trigger as on\n@on(event='x')\n{FLOW}{STEPS}",
            ("trigger",),
            id="as",
        ),
        pytest.param(
            f"import team\n@team.ours(1)\n{FLOW}{STEPS}",
            ("team.ours",),
            id="other",
        ),
        pytest.param(f"@decorators['x']\n{FLOW}{STEPS}", ("decorators['x']",), id="any"),
        pytest.param(
            f"{FLOW}{STEPS}    @mf.retry\n    @mf.batch(cpu=1)\n    @step\n"
            "    def a(self): ...\n    @mf.retry\n    @step\n    def b(self): ...\n",
            ("batch", "retry"),
            id="steps",
        ),
        pytest.param(
            f"@mf.project(name='x')\nclass A(mf.FlowSpec):\n{STEPS}@mf.schedule\nclass F(A): ...\n",
            ("project", "schedule"),
            id="inherited",
        ),
        pytest.param(f"{FLOW}{STEPS}    @property\n    def x(self): ...\n", (), id="method"),
    ],
)
def test_decorators(found: Found, source: str, decorators: tuple[str, ...]) -> None:
    flows = found({"f.py": HEAD + source}).flows
    assert [flow.decorators for flow in flows if flow.name == "F"] == [decorators]
