"""The files of actions and workflows, and those by which a step speaks to the runner."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

NAMES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE")


class FileCommandError(Exception):
    """A file that the runner would refuse."""


def read_definition(path: Path) -> Any:
    """Read the file of an action or a workflow; what is returned must not be changed."""
    return _parsed(path.read_text(encoding="utf-8"))


@cache
def _parsed(text: str) -> Any:
    return yaml.safe_load(text)


def fresh(folder: Path) -> dict[str, str]:
    """Make an empty file for each, and give the variables that name them."""
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / name).touch()
    return {name: str(folder / name) for name in NAMES}


def read_values(path: Path) -> dict[str, str]:
    """Read `NAME=VALUE` and `NAME<<END … END`, as GitHub does."""
    values: dict[str, str] = {}
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if not line:
            continue
        found = re.match(r"(?P<name>[^=<]+)(?P<sign>=|<<)(?P<rest>.*)", line)
        if found is None:
            raise FileCommandError(f"{path.name}: not understood: {line!r}")
        if found["sign"] == "=":
            values[found["name"]] = found["rest"]
            continue
        if not found["rest"]:
            raise FileCommandError(f"{path.name}: no delimiter: {line!r}")
        body = []
        for inner in lines:
            if inner == found["rest"]:
                break
            body.append(inner)
        else:
            raise FileCommandError(f"{path.name}: the delimiter of {found['name']} is missing")
        values[found["name"]] = "\n".join(body)
    return values


def read_lines(path: Path) -> list[str]:
    """Read a list, a line each."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line]
