"""The image in the examples has the versions that everything else is tested with."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_has_the_versions_that_the_action_installs() -> None:
    pins = dict(re.findall(r"^    ([\w-]+)==([\w.]+)", _text("examples/Dockerfile"), re.MULTILINE))
    wanted = dict(re.findall(r"^([\w-]+)==([\w.]+)", _text("action/constraints.txt"), re.MULTILINE))
    assert {"boto3", "metaflow", "prefect"} == set(pins)
    assert pins == {name: wanted[name] for name in pins}


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
