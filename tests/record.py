"""Record what native runs leave behind: `hatch run record [--all] [CASE ...]`.

Without a name, of the cases whose recordings are missing, or were made from another flow or with
another Metaflow.
"""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from support import recorded
from support.case import Case
from support.cases import COMPARED
from support.run import native
from support.snapshot import snapshot_of
from support.warm_commands import session_folder


def record(case: Case) -> str:
    """Run a case natively and record what it leaves behind.

    Returns:
        What went wrong, else nothing.
    """
    with TemporaryDirectory() as name:
        result = native(case, Path(name) / "native")
        as_expected = (result.code == 0, result.run_id is not None) == (case.ok, case.starts)
        if not as_expected:
            return f"It ended with {result.code}:\n{result.stdout[-4000:]}{result.stderr[-4000:]}"
        recorded.write(case, snapshot_of(result))
    return ""


def is_recorded(case: Case) -> bool:
    """Whether the case has a recording that can be used."""
    try:
        return recorded.read(case) is not None
    except ValueError:
        return False


def main() -> int:
    """Record, and remove the recordings of what is no case any more.

    Returns:
        1 if a native run did not end as its case says, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also those that are recorded")
    names = {str(case) for case in COMPARED}
    parser.add_argument("cases", nargs="*", choices=[[], *sorted(names)], metavar="CASE")
    given = parser.parse_args()
    for path in recorded.FOLDER.glob("*.json"):
        if path.stem not in names:
            path.unlink()
    chosen = [
        case
        for case in COMPARED
        if (str(case) in given.cases if given.cases else given.all or not is_recorded(case))
    ]
    failed = 0
    session_folder()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for case, problem in zip(chosen, pool.map(record, chosen), strict=True):
            print(f"{case}: {problem or 'recorded'}", flush=True)
            failed += bool(problem)
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
