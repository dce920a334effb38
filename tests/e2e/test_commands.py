"""The commands of a flow and of its generated file, as a newcomer meets them."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from e2e.project import FlowFolder

FLOWS = Path(__file__).parents[1] / "flows"
METAFLOW = find_spec("metaflow")  # not imported: it warns of its own dependencies
assert METAFLOW is not None
assert METAFLOW.origin is not None
TUTORIALS = Path(METAFLOW.origin).parent / "tutorials"


@pytest.mark.parametrize(
    ("name", "needs"),
    [("00-helloworld/helloworld.py", ""), ("01-playlist/playlist.py", "movies.csv")],
)
def test_tutorials_run(tmp_path: Path, prefect_api: str, name: str, needs: str) -> None:
    source = TUTORIALS / name
    folder = FlowFolder(tmp_path, source, PREFECT_API_URL=prefect_api)
    if needs:
        (tmp_path / needs).write_bytes((source.parent / needs).read_bytes())
    done = folder.run(folder.create())
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_of_the_current_folder_are_not_taken(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path / "flow", FLOWS / "linear.py", PREFECT_API_URL=prefect_api)
    file = folder.path / folder.create()
    folder.path = tmp_path / "other"
    (folder.path / ".metaflow").mkdir(parents=True)
    for name in ("contextlib", "hashlib", "importlib", "pathlib", "types"):
        (folder.path / f"{name}.py").write_text(f"raise SystemExit('our own {name}')\n")
    done = folder.run(str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_run_leaves_no_file(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py", PREFECT_API_URL=prefect_api)
    before = set(tmp_path.glob("*.py"))
    done = folder.run("linear.py", "prefect", "run", "--run-id-file", "run_id", "--tag", "here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "run_id").read_text().startswith("prefect-")
    assert set(tmp_path.glob("*.py")) == before


def test_configs_are_those_of_the_creation(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "config_mutator.py", PREFECT_API_URL=prefect_api)
    config = tmp_path / "config.json"
    config.write_text('{"env": {"CONFIGURED": "at first"}}')
    output = folder.create()
    config.write_text('{"env": {"CONFIGURED": "later"}}')
    assert "Task run 'end' - at first" in folder.run(output).stderr
    folder.create()
    assert "Task run 'end' - later" in folder.run(output).stderr


@pytest.mark.parametrize("number", ["0", "-2"])
def test_fewer_than_one_worker_is_refused(tmp_path: Path, number: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    output = folder.create()
    done = folder.run(output, "--max-workers", number)
    assert done.returncode == 2
    assert "'--max-workers'" in done.stderr
    assert f"{number} is not in the range x>=1" in done.stderr
    folder.environment["METAFLOW_RUN_MAX_WORKERS"] = number
    done = folder.run(output)
    assert done.returncode == 2
    assert done.stderr.startswith(f"With {number} workers no step would run.")
    assert not list(tmp_path.glob(".metaflow/LinearFlow"))


def test_an_unknown_launcher_is_refused(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py", METAFLOW_PREFECT_LAUNCHER="Fresh")
    done = folder.run(folder.create())
    assert done.returncode == 2
    assert done.stderr.endswith("is 'Fresh'. Set it to warm or fresh.\n")


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("linear.py", "flow's own file"),
        ("missing/out.py", "does not exist"),
        ("notes.txt", "was not made by metaflow-prefect"),
    ],
)
def test_create_refuses_a_wrong_place(tmp_path: Path, output: str, told: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    (tmp_path / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    done = folder.run("linear.py", "--quiet", "prefect", "create", output)
    assert done.returncode == 3
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before


def test_create_again_changes_nothing(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    first = (tmp_path / folder.create()).read_bytes()
    done = folder.run("linear.py", "prefect", "create", "out.py")
    assert done.returncode == 0
    assert "Unchanged" in done.stderr
    assert (tmp_path / "out.py").read_bytes() == first


@pytest.mark.parametrize(
    ("place", "line", "told"),
    [
        ("from metaflow import FlowSpec, step", "import nowhere", "No module named 'nowhere'"),
        ("from metaflow import FlowSpec, step", "if :", "SyntaxError: invalid syntax"),
        ("class LinearFlow", "    x = 1 / 0", "ZeroDivisionError: division by zero"),
        ("from metaflow import FlowSpec, step", "import helper", "No module named 'nowhere'"),
    ],
)
def test_a_flow_that_cannot_be_loaded(tmp_path: Path, place: str, line: str, told: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    output = folder.create()
    source = tmp_path / "linear.py"
    lines = source.read_text().splitlines()
    number = next(n for n, text in enumerate(lines, start=1) if text.startswith(place)) + 1
    source.write_text("\n".join([*lines[: number - 1], line, *lines[number - 1 :]]))
    (tmp_path / "helper.py").write_text("\n\nimport nowhere\n")
    where = "helper.py, line 3" if "helper" in line else f"linear.py, line {number}"
    commands = [[output], [output, "--resume", "1"]]
    if told != "SyntaxError: invalid syntax":  # of which the interpreter tells by itself
        commands += [["linear.py", "prefect", word] for word in ("create", "run", "resume")]
    for words in commands:
        done = folder.run(*words)
        assert done.returncode == (2 if words[0] == output else 4)
        (only,) = done.stderr.splitlines()
        assert f"cannot be loaded: {where}: " in only
        assert only.endswith(told)
    assert f'File "{source}"' in folder.run(output, "--debug").stderr


def test_an_unknown_decorator_is_a_wrong_command_line(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py")
    done = folder.run(folder.create(), "--with", "retri")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    told = "LinearFlow cannot be loaded: Unknown step decorator retri. The following decorators"
    assert line.startswith(told)


def test_a_byte_order_mark_changes_nothing(tmp_path: Path, prefect_api: str) -> None:
    folder = FlowFolder(tmp_path, FLOWS / "linear.py", PREFECT_API_URL=prefect_api)
    output = tmp_path / folder.create()
    output.write_text("\ufeff" + output.read_text())
    done = folder.run(output.name)
    assert done.returncode == 0, done.stdout + done.stderr


SCHEDULED = """
from metaflow import FlowSpec, schedule, step, trigger


@schedule(cron="0 0 1W * ? *", timezone="Moon/Base")
@trigger(event={"name": "a", "parameters": {"gone": "key"}})
class ScheduledFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ScheduledFlow()
"""


def test_what_cannot_be_deployed_is_told_when_the_file_is_made(tmp_path: Path) -> None:
    source = tmp_path / "source" / "scheduled.py"
    source.parent.mkdir()
    source.write_text(SCHEDULED)
    folder = FlowFolder(tmp_path / "work", source)
    done = folder.run("scheduled.py", "--quiet", "prefect", "create", "out.py")
    assert done.returncode == 0
    assert done.stderr.startswith("Warning: ScheduledFlow cannot be deployed as it is: ")
    for problem in ("'1W'", "Moon/Base", "the parameter gone"):
        assert problem in done.stderr
    assert (folder.path / "out.py").exists()


BROKEN = """
from metaflow import FlowSpec, step


class BrokenFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.nowhere)

    @step
    def cmd(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BrokenFlow()
"""


IMPOSSIBLE = """
from metaflow import FlowSpec, Parameter, batch, catch, kubernetes, pypi, retry, step, timeout


class ImpossibleFlow(FlowSpec):
    one = Parameter("same")
    other = Parameter("Same")

    @retry(times=9)
    @catch
    @step
    def start(self):
        self.items = [1]
        self.next(self.body, foreach="items")

    @timeout(seconds=5)
    @batch
    @kubernetes
    @step
    def body(self):
        self.next(self.join)

    @pypi(packages={})
    @timeout
    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ImpossibleFlow()
"""
RELATIVE = BROKEN.replace("from metaflow", "from .here import something\nfrom metaflow", 1)


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        pytest.param(BROKEN, ["broken.py"], ["nowhere", "cmd is a reserved word"], id="graph"),
        pytest.param(
            IMPOSSIBLE,
            ["broken.py", "--datastore=local"],
            [
                "Parameter Same is specified twice",
                "Step start: The maximum number of retries is @retry(times=4).",
                "@catch is defined for the step start but",
                "Step body is marked for execution both on AWS Batch and Kubernetes.",
                "The timeout for step body should be at least 60 seconds",
                "Step body: @batch cannot reach the data of --datastore=local.",
                "Step body: @kubernetes cannot reach the data of --datastore=local.",
                "Step join: @pypi decorator requires --environment=conda",
                "Step join: Specify a duration for @timeout.",
            ],
            id="decorators",
        ),
        pytest.param(
            RELATIVE,
            ["-m", "package.broken"],
            ["line 2: A step runs this file as a script", "nowhere"],
            id="relative-import",
        ),
    ],
)
def test_all_problems_of_a_flow_are_told_at_once(
    tmp_path: Path, text: str, words: list[str], told: list[str]
) -> None:
    source = tmp_path / "source" / "broken.py"
    package = tmp_path / "work" / "package"
    for folder in (source.parent, package):
        folder.mkdir(parents=True)
    source.write_text(text)
    (package / "broken.py").write_text(text)
    (package / "here.py").write_text("something = 1")
    done = FlowFolder(tmp_path / "work", source).run(
        *words, "--quiet", "prefect", "create", "out.py"
    )
    assert done.returncode == 4, done.stderr
    for problem in told:
        assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "work" / "out.py").exists()
