"""`--missing-imports stub`: flows load without their dependencies, and never lie about values."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.mfp_command import mfp
from support.mfp_samples import BODY, write

TOLERATED = {
    "plain": "import nowhere_a.b.c as c\nfrom nowhere_b.d import e, f\nimport nowhere_a",
    "decorator": "import nowhere as n\n@n.deco\ndef f(): ...\n@n.deco(1, x=n.y)\ndef g(): ...",
    "class_decorator": "import nowhere as n\n@n.deco\nclass C: ...\nassert C.__name__ == 'C'",
    "base": "import nowhere as n\nclass C(n.A, n.B[int], table=True):\n    x: n.T = n.F()\nC(1)",
    "metaclass": "import nowhere as n\nclass C(metaclass=n.Meta): ...",
    "subscripts": "import nowhere as n\nx = n.a[1:2, n.b]\nn.c['d'] = 1\ndel n.c['d']\nn.x.y = 2",
    "operators": "import nowhere as n\nx = -(n.a + 1) * 2 ** n.b / (3 - n.c) @ n.d\nx |= n.e\n"
    "assert n.v < '2' and (n.v >= 1) and not (n.a in n.b)",
    "enum": "import nowhere as n\nimport enum\nclass E(enum.Enum):\n    A = n.a\n    B = n.b\n"
    "class S(n.Enum):\n    C = 'c'\nE.A, S.C",
    "context": "import nowhere as n\nwith n.quiet(level=3) as q, n.b:\n    q.x()",
    "format": "import nowhere as n\nX = f'{n.a:>10} {n.b!r} %s' % n.c + str(n.d)",
    "annotations": "import nowhere as n\nfrom typing import Optional, get_type_hints\n"
    "def f(x: n.T | None, y: 'n.U', z: Optional[n.V], w: list[n.W]) -> n.X[int]: ...\n"
    "get_type_hints(f)",
    "dataclass": "import nowhere as n\nfrom dataclasses import dataclass\n@dataclass\nclass D:\n"
    "    x: n.T\n    y: n.T = n.a\nD(1)",
    "isinstance": "import nowhere as n\nassert not isinstance(1, n.T)\nlist(n.a), bool(n.b)",
    "version": "import nowhere\nif nowhere.__version__ < '3': pass",
    "call_in_step_decorator": "import nowhere as n\ntimed = n.timed('x')",
}
REFUSED = {
    "default": ("default=n.a", "nowhere.a (default.py:4"),
    "chained": ("default=n.a.b(3).c", "nowhere.a.b().c (chained.py:"),
    "in_list": ("default=[1, n.a], type=JSONType", "nowhere.a (in_list.py:"),
    "help": ("help=f'at most {n.MOST}'", "nowhere.MOST (help.py:"),
    "number": ("default=int(n.a)", "a number is made of it"),
    "length": ("default=len(n.a)", "a number is made of it"),
    "joined": ("default=','.join(map(str, n.a))", "nowhere.a.__iter__() (joined.py:"),
    "compared": ("default=n.a > 3", "nowhere.a.__gt__() (compared.py:"),
}
GUARD = "\nif __name__ == '__main__':\n    F()\n"


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("missing")
    head = "from metaflow import FlowSpec, JSONType, Parameter, step, retry\n"
    files = {f"{n}.py": f"{c}\n{head}class F(FlowSpec):{BODY}{GUARD}" for n, c in TOLERATED.items()}
    for name, (code, _) in REFUSED.items():
        body = f"import nowhere as n\n{head}class F(FlowSpec):\n    p = Parameter('p', {code})\n"
        files[f"{name}.py"] = body + BODY + GUARD
    head = f"import nowhere as n\n{head}class F(FlowSpec):\n"
    files["retries.py"] = f"{head}    @retry(times=n.t){BODY}{GUARD}"
    files["doc.py"] = f"{head}    __doc__ = f'{{n.t}}'\n{BODY}{GUARD}"
    # In a folder of their own: some have the names of modules that `python -m mfp` imports.
    write(root / "flows", files)
    result = mfp(root, "convert-all", "flows", "--missing-imports", "stub", "--json", "r.json")
    assert result.returncode == 3, result.stderr
    document = json.loads(Path(root, "r.json").read_text())
    return {Path(flow["path"]).stem: flow for flow in document["flows"]}


@pytest.mark.parametrize("name", TOLERATED)
def test_tolerated(flows: dict[str, Any], name: str) -> None:
    assert (flows[name]["status"], flows[name]["error"]) == ("converted", None)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name_and_line(flows: dict[str, Any], name: str) -> None:
    assert flows[name]["status"] == "failed"
    assert REFUSED[name][1] in flows[name]["error"]
    assert flows[name]["remedy"].startswith("Install nowhere")


def test_refused_elsewhere(flows: dict[str, Any]) -> None:
    assert "@retry of the step start" in flows["retries"]["error"]
    assert "nowhere.t (doc.py:" in flows["doc"]["error"]
