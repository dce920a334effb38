"""Measures `mfp` on a generated repository, against what it promises and a shell's loop.

    python tests/bench/mfp.py [--flows N] [--files N] [--sample N | --all] [--rounds N] [--json]

The loop is `python FLOW prefect create OUT` for one flow after the other. It takes minutes, so only
a sample of the flows is converted so, spread over the repository, and the rest is reckoned from
that; `--all` converts them all. CPU seconds tell more than the wall's on a busy machine.
"""

import argparse
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.command import machine, measured, say, table  # noqa: E402
from support.repository import flow_files, generate  # noqa: E402

MFP = [sys.executable, "-m", "mfp"]
GENERATED = "prefect_flows"


@dataclass(frozen=True)
class Figure:
    """What one thing costs.

    Attributes:
        what: What was done.
        target: What it is to be, as people write it.
        wall: Seconds; the median of all rounds.
        cpu: Seconds of all processes together, likewise.
        met: Whether the target is met.
    """

    what: str
    target: str
    wall: float
    cpu: float
    met: bool | None


def main(words: Sequence[str]) -> int:
    """Measure what the command line asks for.

    Returns:
        0 if all targets are met, 1 if not.
    """
    asked = _arguments(words)
    with tempfile.TemporaryDirectory(prefix="mfp-bench-") as folder:
        bench = Bench(Path(folder), asked.rounds)
        figures = list(bench.figures(asked))
    if asked.json:
        print(json.dumps({"machine": machine(), "figures": [asdict(f) for f in figures]}, indent=2))
    else:
        print(f"Medians; {', '.join(f'{name} {value}' for name, value in machine().items())}.")
        rows = [[f.what, f.target, *_shown(f)] for f in figures]
        print("\n".join(table(["", "target", "wall s", "CPU s", "met"], rows)))
    return 1 if any(figure.met is False for figure in figures) else 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--flows", type=int, default=248, metavar="N")
    parser.add_argument("--files", type=int, default=20_000, metavar="N", help="for mfp list")
    parser.add_argument("--sample", type=int, default=10, metavar="N", help="of the loop")
    parser.add_argument("--all", action="store_true", help="loop over all flows")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(words)


def _shown(figure: Figure) -> list[str]:
    met = {True: "yes", False: "no", None: ""}[figure.met]
    return [f"{figure.wall:.2f}", f"{figure.cpu:.2f}", met]


class Bench:
    """Measures in a folder of its own.

    Args:
        base: The folder.
        rounds: How often each thing is measured.
    """

    def __init__(self, base: Path, rounds: int) -> None:
        self._base = base
        self._rounds = rounds
        kept = {name: v for name, v in os.environ.items() if not name.startswith("METAFLOW_")}
        self._variables = kept | {
            "METAFLOW_USER": "bench",
            "METAFLOW_HOME": str(base / "metaflow-config"),
            "MFP_CACHE_DIR": str(base / "cache"),
        }

    def figures(self, asked: argparse.Namespace) -> Iterator[Figure]:
        """Measure everything, one after the other."""
        yield self._figure("mfp --help", 0.3, [*MFP, "--help"], self._base)
        repository = self._base / "repository"
        generate(repository, asked.flows)
        flows = flow_files(repository)
        say(f"{len(flows)} files with flows")
        all_of_them = [*MFP, "convert-all"]
        what = f"mfp convert-all, {len(flows)} files, cold"
        cold = self._figure(what, 10, all_of_them, repository, self._forget)
        yield cold
        what = f"mfp convert-all, {len(flows)} files, nothing changed"
        yield self._figure(what, 1.5, all_of_them, repository)
        chosen = flows if asked.all else _spread(flows, asked.sample)
        yield from self._loop(repository, flows, chosen, cold)
        _fill(repository / "library", asked.files - len(list(repository.rglob("*.py"))))
        count = len(list(repository.rglob("*.py")))
        what = f"mfp list, {count} Python files"
        yield self._figure(what, 3, [*MFP, "list", "--json"], repository)

    def _forget(self, repository: Path) -> None:
        shutil.rmtree(self._base / "cache", ignore_errors=True)
        shutil.rmtree(repository / GENERATED, ignore_errors=True)

    def _figure(
        self,
        what: str,
        target: float,
        command: Sequence[str],
        folder: Path,
        before: Callable[[Path], None] = lambda _: None,
    ) -> Figure:
        say(what)
        costs = []
        for _ in range(self._rounds):
            before(folder)
            costs.append(measured(command, folder, self._variables))
        wall, cpu = (median(cost[name] for cost in costs) for name in ("wall", "cpu"))
        return Figure(what, f"{target:g} s", wall, cpu, wall < target)

    def _loop(
        self, repository: Path, flows: list[Path], chosen: list[Path], cold: Figure
    ) -> Iterator[Figure]:
        say(f"python FLOW prefect create, {len(chosen)} of {len(flows)} files")
        wall = cpu = 0.0
        for flow in chosen:
            # The configs of the flows are in the repository's folder.
            name = str(flow.relative_to(repository))
            words = [name, "prefect", "create", str(self._base / f"{flow.stem}_prefect.py")]
            cost = measured([sys.executable, *words], repository, self._variables)
            wall += cost["wall"]
            cpu += cost["cpu"]
        scale = len(flows) / len(chosen)
        what = f"python FLOW prefect create, {len(flows)} files"
        what += "" if len(chosen) == len(flows) else f", reckoned from {len(chosen)}"
        yield Figure(what, "", wall * scale, cpu * scale, None)
        ratios = (wall * scale / cold.wall, cpu * scale / cold.cpu)
        yield Figure("so many times as long as convert-all", "20", *ratios, ratios[0] >= 20)


def _spread(flows: list[Path], number: int) -> list[Path]:
    return flows[:: max(1, len(flows) // number)][:number]


def _fill(folder: Path, files: int) -> None:
    """Fill a folder with ordinary Python: links to copies of the standard library's modules."""
    source = Path(sysconfig.get_path("stdlib"))
    packages = (
        "concurrent",
        "email",
        "encodings",
        "http",
        "json",
        "logging",
        "multiprocessing",
        "xml",
    )
    paths = [*source.glob("*.py"), *(p for name in packages for p in (source / name).rglob("*.py"))]
    (folder / "part_0").mkdir(parents=True)
    for number, path in enumerate(islice(cycle(paths), files)):
        part = folder / f"part_{number // len(paths)}"
        target = part / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if number < len(paths):
            shutil.copyfile(path, target)
        else:
            os.link(folder / "part_0" / path.relative_to(source), target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
