"""Check each `run:` of the actions and workflows with shellcheck.

python .ci/check_run_blocks.py FILE...
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

# A script that the runner starts by another shell than bash would need other rules.
SHELLS = ("bash", None)


def run_blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Find the scripts in a file.

    Args:
        path: An action or a workflow.

    Yields:
        The name of each step and its script.
    """
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    holders = [document["runs"]] if "runs" in document else document["jobs"].values()
    for step in [step for holder in holders for step in holder.get("steps", ())]:
        if "run" not in step:
            continue
        if step.get("shell") not in SHELLS:
            sys.exit(f"{path}: {step['name']}: only bash is checked here")
        yield step["name"], step["run"]


def main(names: list[str]) -> int:
    """Check files.

    Args:
        names: Their paths.

    Returns:
        1 if something was found in any of them, else 0.
    """
    code, count = 0, 0
    for path in map(Path, names):
        for step, script in run_blocks(path):
            command = ["shellcheck", "--shell=bash", "--enable=quote-safe-variables", "-"]
            done = subprocess.run(
                command, input=script, text=True, capture_output=True, check=False
            )
            count += 1
            if done.returncode:
                code = 1
                print(f"{path}: {step}:\n{done.stdout}{done.stderr}")
    print(f"{count} scripts checked")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
