"""Generate a repository of many flows, of every construct that tests/flows has.

    python tests/support/repository.py FOLDER [--flows 248]

Each team has a copy of tests/flows, with names of its own; so flows meet that have a module, a
config or a base class of one name.
"""

import argparse
import re
import shutil
import subprocess
from pathlib import Path

FLOWS = Path(__file__).resolve().parent.parent / "flows"
# What Metaflow refuses, or starts in another way than by its path.
REFUSED = ("package/absolute.py", "package/inner/flow.py", "retry_six.py", "switch_to_join.py")
CLASS = re.compile(rb"\bclass (\w+)\(")


def generate(folder: Path, flows: int) -> None:
    """Generate the repository.

    Args:
        folder: Where; it must not exist.
        flows: How many flow files it has. The last team lacks those that would be too many; what
            is in its folders, where modules of one name are, it has.
    """
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    # Configs are looked for in the current folder.
    for config in (*FLOWS.glob("*.json"), *FLOWS.glob("*.ini")):
        shutil.copy(config, folder)
    number = 0
    while len(flow_files(folder)) < flows:
        number += 1
        _add_team(folder / f"team_{number}", number)
    left_out = len(flow_files(folder)) - flows
    alone = sorted(filter(_starts, (folder / f"team_{number}").glob("*.py")), reverse=True)
    for path in alone[:left_out]:
        path.unlink()


def flow_files(folder: Path) -> list[Path]:
    """Give the files of the repository that define a flow."""
    files = [path for path in sorted(folder.glob("team_*/**/*.py")) if _starts(path)]
    return [path for path in files if "prefect_flows" not in path.parts]


def _add_team(team: Path, number: int) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".metaflow", "*_prefect.py")
    shutil.copytree(FLOWS, team, ignore=ignored)
    for name in REFUSED:
        (team / name).unlink()
    for path in team.rglob("*.py"):
        data = path.read_bytes()
        for name in {
            found for found in CLASS.findall(data) if found.endswith(b"Flow") and found != b"Flow"
        }:
            # Bytes, since some files are in other encodings.
            data = re.sub(rb"\b" + name + rb"\b", name[:-4] + b"%dFlow" % number, data)
        path.write_bytes(data)


def _starts(path: Path) -> bool:
    return b"(FlowSpec)" in path.read_bytes()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flows", type=int, default=248)
    given = parser.parse_args()
    generate(given.folder, given.flows)
