"""Which files may be run once for all steps: those that do nothing but define things."""

import sys
from pathlib import Path

import pytest
from metaflow_prefect.runtime.host.definitions import ActingFileError, check_definitions

START = '\n\nif __name__ == "__main__":\n    F()\n'
FLOW = "from metaflow import FlowSpec, Parameter, retry, step\nclass F(FlowSpec):\n    pass"
STEPS = """
    number = Parameter("number", default=lambda context: 1)

    @retry(times=2)
    @step
    def start(self):
        import numpy
"""
DATACLASS = """
from dataclasses import dataclass, field
@dataclass(frozen=True)
class Data:
    numbers: list = field(default_factory=list)
    def __init__(self):
        pass
"""


def check(text: str, folder: Path) -> None:
    check_definitions((text + START).encode(), "F", str(folder))


@pytest.mark.parametrize(
    "text",
    [
        FLOW,
        f'"""A flow."""\n{FLOW}',
        f"# -*- coding: latin-1 -*-\n{FLOW}",
        f"import os\nHOME = os.environ['HOME']\nUSER = os.environ.get('USER', 'x')\n{FLOW}",
        f"import sys\n{FLOW}\n    def f(self):\n        return sys.argv",
        f"{DATACLASS}\n{FLOW}",
        f"from collections import namedtuple\nP = namedtuple('P', 'x y')\n{FLOW}",
        f"import enum\nclass E(enum.Enum):\n    A = enum.auto()\n{FLOW}",
        f"class Wrong(ValueError):\n    def __init__(self): pass\n{FLOW}",
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n{FLOW}",
        f"from pathlib import Path\nHERE = Path(__file__).parent / 'data'\n{FLOW}",
        f"A, B = 1, [n * n for n in range(3)]\nC: int = A if B else 2\n{FLOW}",
        f"{FLOW}\n{STEPS}",
        f"import xml.dom.minidom as dom, decimal\nfrom os.path import join\n{FLOW}",
        "import metaflow\nclass F(metaflow.FlowSpec):\n    pass",
    ],
)
def test_a_file_that_only_defines_things(text: str, tmp_path: Path) -> None:
    check(text, tmp_path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("print('hello')", "line 1 does something"),
        ("import time\nNOW = time.time()", "line 2 calls time.time"),
        ("from random import random\nX = random()", "line 2 calls random"),
        ("import os\nos.environ['X'] = 'y'", "line 2 changes something"),
        ("import os\nPID = os.getpid()", "line 2 calls os.getpid"),
        ("import sys\nARGV = sys.argv", "line 2 looks at the process"),
        ("import os\nARGV = os.sys.argv", "line 2 looks at the process"),
        ("from sys import argv", "it imports argv of sys"),
        ("from logging import sys as other", "it imports sys of logging"),
        ("from os import *", "it imports * of os"),
        ("import this", "this does something when it is imported"),
        ("import no_such_module", "no_such_module is not of the standard library"),
        ("import pytest_of_elsewhere.part", "pytest_of_elsewhere.part is not of"),
        ("from . import other", "it imports from its own package"),
        ("for x in range(3): pass", "line 1 does something"),
        ("x = 0\nx += 1", "line 2 does something"),
        ("X = open('file').read()", "line 1 calls open('file').read"),
        ("X = sorted([1], key=lambda n: input())", "line 1 calls a key"),
        ("def f(x=input()): pass", "line 1 calls input"),
        ("f = lambda x=input(): 1", "line 1 calls input"),
        ("def f(x: input()): pass", "line 1 calls input"),
        ("def own(f): return f\n@own\ndef g(): pass", "line 2 calls own"),
        ("def dict(): return input()\nX = dict()", "line 2 calls dict"),
        ("import re\nre = X = 1\nY = re.compile('')", "line 3 calls re.compile"),
        ("X = [len(x) for len in []]", "line 1 calls len"),
        ("class M(type):\n    pass\nclass A(metaclass=M):\n    pass", "class A is made in a way"),
        (
            "class A:\n    def __init_subclass__(cls): input()\nclass B(A):\n    pass",
            "class A has a",
        ),
        ("class A:\n    def __class_getitem__(cls, x): input()\nX = A[1]", "class A may be called"),
        ("import enum\nclass E(enum.Enum):\n    def __init__(self, x): input()", "class E has a"),
        ("from metaflow import FlowMutator\nclass M(FlowMutator):\n    pass", "class M is made of"),
        ("from metaflow import Config\nC = Config('c')", "line 2 calls Config"),
        ("X = (yield)", "line 1 does something"),
        ("(x := 1)", "line 1 does something"),
        ("if X:\n    pass", "line 1 does something"),
        ("X = ", "it is not understood"),
    ],
)
def test_a_file_that_does_more(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ActingFileError) as raised:
        check(f"{text}\n{FLOW}", tmp_path)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    "end",
    [
        "",
        '\nif __name__ == "__main__":\n    print()\n    F()\n',
        '\nif __name__ == "__main__":\n    Other()\n',
        "\nF()\n",
        '\nif __name__ == "__main__":\n    F()\nelse:\n    print()\n',
    ],
)
def test_a_file_that_starts_its_flow_in_another_way(end: str, tmp_path: Path) -> None:
    with pytest.raises(ActingFileError, match="does not end with the start of F"):
        check_definitions(f"{FLOW}{end}".encode(), "F", str(tmp_path))


@pytest.mark.parametrize("hook", ["__init__", "__getattribute__", "__new__"])
def test_a_flow_that_is_called_early(hook: str, tmp_path: Path) -> None:
    with pytest.raises(ActingFileError, match="class F has a method that is called early"):
        check(f"{FLOW}\n    def {hook}(self): pass", tmp_path)


def test_a_module_beside_the_file_is_not_the_librarys(tmp_path: Path) -> None:
    assert "wave" not in sys.modules
    check(f"import wave\n{FLOW}", tmp_path)
    (tmp_path / "wave.py").touch()
    with pytest.raises(ActingFileError, match="wave is not of the standard library"):
        check(f"import wave\n{FLOW}", tmp_path)


def test_what_has_been_imported_already_counts(tmp_path: Path) -> None:
    check(f"import pytest\nfrom pytest import mark\n{FLOW}", tmp_path)
    with pytest.raises(ActingFileError, match=r"pytest\.no_such_part is not of"):
        check(f"from pytest import no_such_part\n{FLOW}", tmp_path)
