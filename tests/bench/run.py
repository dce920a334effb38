"""Measures flows run by Metaflow itself, by their Prefect files, and Prefect's own floor.

    python tests/bench/run.py [--only NAME]... [--rounds N] [--json] [--command NAME=COMMAND]...

Every figure is a median of several rounds; in a round each flow runs each way once, one after the
other, so that a machine that is slow for a while is slow for all of them. Ratios come first: they
are what can be compared between machines. The Prefect server is up all the time; its CPU time until
it is quiet again belongs to the run before. What is to be reached comes first.
"""

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.command import LIMIT, machine, say, table  # noqa: E402
from bench.flows import DEFAULT, BenchFlow, bench_flow  # noqa: E402
from bench.measure import PROC, cpu_seconds, descendants  # noqa: E402
from bench.targets import TARGETS, Medians  # noqa: E402
from support.server import use_server  # noqa: E402

SETTLING = 120  # seconds at most in which the server deals with what a run has sent it
IDLE = 0.1  # CPU seconds a second that the server takes when it has nothing to do
WORKERS = 16  # what Metaflow's own run does at the same time
USUAL = ("native", "prefect", "floor")
# The scheduler is in the flow's process. With more threads, all would wait for the same cores.
DASK = json.dumps(
    {"cluster_kwargs": {"n_workers": 4, "threads_per_worker": 1, "dashboard_address": None}}
)
FOREIGN = ("METAFLOW_", "PREFECT_", "PYTEST_", "COVERAGE_")
FIGURES = ("wall", "cpu", "server_cpu", "all_cpu", "tail", "memory", "main_memory")
END = re.compile(r"^(\d\d):(\d\d):(\d\d\.\d+) .* Task run 'end' - Finished", re.MULTILINE)
DAY = 86_400
Costs = dict[str, list[dict[str, float | None]]]  # of each column the figures of each round


def main(words: Sequence[str]) -> int:
    """Measure what the command line asks for.

    Returns:
        0 if all commands have succeeded, 1 if not.
    """
    asked = _arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    flows = {name: bench_flow(name) for name in asked.only or DEFAULT}
    for name in [name for name, found in flows.items() if found is None]:
        say(f"{name}: skipped, its module is not installed")
        del flows[name]
    with tempfile.TemporaryDirectory(prefix="metaflow-prefect-bench-") as folder:
        base = Path(folder)
        (base / "server").mkdir()
        with use_server(base / "server") as url:
            bench = Bench(base, url, asked.command, asked.without)
            costs: dict[str, Costs] = {name: {} for name in flows}
            for number in range(asked.rounds):
                for name, flow in flows.items():
                    assert flow is not None
                    say(f"round {number + 1} of {asked.rounds}: {name}")
                    for column, cost in bench.round(f"{name}-{number}", flow, number):
                        costs[name].setdefault(column, []).append(cost)
    medians = {name: _medians(found) for name, found in costs.items()}
    if asked.json:
        print(json.dumps({"machine": machine(), "rounds": costs, "medians": medians}, indent=2))
    else:
        print("\n".join(_table(medians, asked.rounds)))
    return 1 if bench.failed else 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help=f"measure this flow: {', '.join(DEFAULT)}, or another linear-N, foreach-N or dask-N",
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--json", action="store_true", help="print JSON, with all rounds' figures")
    parser.add_argument(
        "--command",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="measure another command too; {flow} in it is the flow's file, {splits} the size of "
        "its widest foreach, {python} this interpreter",
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="COLUMN", help="leave a column out"
    )
    return parser.parse_args(words)


class Bench:
    """Runs flows in folders of their own.

    Args:
        base: Where the folders are made.
        url: The Prefect server's API.
        commands: Further columns, each as "name=command".
        without: Columns to leave out.
    """

    def __init__(
        self, base: Path, url: str, commands: Sequence[str], without: Sequence[str]
    ) -> None:
        self._base = base
        parts = [command.partition("=") for command in commands]
        self._commands = [(name, shlex.split(words)) for name, _, words in parts]
        self._without = without
        self._server = list(descendants(os.getpid())) if PROC.is_dir() else []
        kept = {name: v for name, v in os.environ.items() if not name.startswith(FOREIGN)}
        self._variables = kept | {
            "METAFLOW_USER": "bench",
            "METAFLOW_HOME": str(base / "metaflow-config"),
            "PREFECT_HOME": str(base / "prefect-home"),
            "PREFECT_API_URL": url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
        self.failed = False

    def round(
        self, name: str, flow: BenchFlow, number: int
    ) -> Iterator[tuple[str, dict[str, float | None]]]:
        """Run a flow each way once, beginning with another way in each round."""
        columns = self._columns(flow)
        turn = number % max(1, len(columns))
        for column, command in columns[turn:] + columns[:turn]:
            folder = self._base / f"{name}-{column}"
            (folder / ".metaflow").mkdir(parents=True)
            (folder / "flow.py").write_text(flow.source, encoding="utf-8")
            if column in ("prefect", "dask"):
                create = [sys.executable, "flow.py", "prefect", "create", "flow_prefect.py"]
                self._run(create, folder, self._variables, check=True)
            variables = dict(self._variables)
            if not flow.has_server:
                del variables["PREFECT_API_URL"]
                variables["PREFECT_HOME"] = str(folder / "prefect-home")
            yield column, self._cost(column, command, folder, variables)

    def _columns(self, flow: BenchFlow) -> list[tuple[str, list[str]]]:
        splits = f"--max-num-splits={flow.splits}"
        values = {"flow": "flow.py", "splits": flow.splits, "python": sys.executable}
        columns = [
            ("native", [sys.executable, "flow.py", "run", splits]),
            ("prefect", [sys.executable, "flow_prefect.py", splits]),
            ("dask", [sys.executable, "flow_prefect.py", splits, f"--task-runner=dask:{DASK}"]),
            ("floor", [sys.executable, str(HERE / "floor.py"), str(WORKERS), *flow.stages]),
            *((name, [word.format(**values) for word in words]) for name, words in self._commands),
        ]
        measured = flow.columns or USUAL
        return [
            (name, words)
            for name, words in columns
            if name not in self._without and name in {*measured, *dict(self._commands)}
        ]

    def _cost(
        self, column: str, command: Sequence[str], folder: Path, variables: Mapping[str, str]
    ) -> dict[str, float | None]:
        before = self._server_cpu()
        output = folder / "cost.json"
        measure = [sys.executable, str(HERE / "measure.py"), str(output), str(LIMIT)]
        done = self._run([*measure, *command], folder, variables)
        cost = json.loads(output.read_text(encoding="utf-8"))
        if cost.pop("code"):
            self.failed = True
            say(f"{column} failed:\n{done.stdout[-2000:]}")
        tail = _after_last_step(done.stdout, cost.pop("ended"))
        self._settle()
        server = self._server_cpu() - before
        return {**cost, "tail": tail, "server_cpu": server, "all_cpu": cost["cpu"] + server}

    def _settle(self) -> None:
        """Wait until the server has dealt with what a run has sent it.

        Its work belongs to that run, and must not slow the next one down.
        """
        for _ in range(SETTLING):
            before = self._server_cpu()
            time.sleep(1)
            if self._server_cpu() - before < IDLE:
                return

    def _run(
        self,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        *,
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        with subprocess.Popen(
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                process.terminate()  # then it ends all that it has started
                raise
        done = subprocess.CompletedProcess(command, process.returncode, output)
        if check and done.returncode:
            raise RuntimeError(output)
        return done

    def _server_cpu(self) -> float:
        return sum(map(cpu_seconds, self._server), 0.0)


def _after_last_step(output: str, ended: float) -> float | None:
    """Return the seconds from the end of the last step to the end of the run."""
    found = END.findall(output)
    if not found:
        return None
    hours, minutes, seconds = found[-1]
    midnight = time.mktime((*time.localtime(ended)[:3], 0, 0, 0, 0, 0, -1))
    said = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return (ended - midnight - said) % DAY


def _medians(costs: Costs) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for column, rounds in costs.items():
        found[column] = {}
        for figure in FIGURES:
            values = [value for cost in rounds if (value := cost[figure]) is not None]
            found[column][figure] = median(values) if values else None
    return found


def _targets(medians: Medians) -> list[str]:
    rows = []
    for target in TARGETS:
        value = target.value(medians)
        if value is not None:
            met = "yes" if value <= target.limit else "no"
            rows.append([target.work, f"{target.limit:g}", f"{value:.2f}", met])
    return table(["work", "to reach", "now", "met"], rows) if rows else []


def _table(medians: Medians, rounds: int) -> list[str]:
    where = ", ".join(f"{name} {value}" for name, value in machine().items())
    lines = [f"Medians of {rounds} interleaved rounds; {where}.", *_targets(medians), ""]
    against = [("native", "wall"), ("floor", "wall"), ("floor", "all_cpu")]
    titles = ["flow", "wall of native", "wall of floor", "CPU of floor", "column"]
    figures = {"wall": "wall s", "cpu": "CPU s", "server_cpu": "server CPU s"}
    figures |= {"all_cpu": "all CPU s", "tail": "after last step s"}
    figures |= {"memory": "tree MB", "main_memory": "process MB"}
    rows = []
    for name, columns in medians.items():
        for column, cost in columns.items():
            ratios = [_ratio(cost, columns.get(other), figure) for other, figure in against]
            numbers = [_number(cost[figure], figure) for figure in figures]
            rows.append([name, *ratios, column, *numbers])
    return [*lines, *table([*titles, *figures.values()], rows)]


def _ratio(
    cost: dict[str, float | None], other: dict[str, float | None] | None, figure: str
) -> str:
    value, base = cost[figure], other and other[figure]
    return f"{value / base:.2f}" if value and base else "-"


def _number(value: float | None, figure: str) -> str:
    if value is None:
        return "-"
    return f"{value / 1e6:.0f}" if figure.endswith("memory") else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
