"""The wheels and the sdists of both packages hold what they must and work outside the checkout."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import partial
from pathlib import Path

import pytest
from support.run import LIMIT

pytestmark = pytest.mark.xdist_group("packages")

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"metaflow-prefect": "metaflow_prefect", "mfp": "metaflow_prefect_cli"}
# The wheels are built from the sdists.
KINDS = [
    pytest.param("wheel", marks=pytest.mark.on_days("odd")),
    pytest.param("sdist", marks=pytest.mark.on_days("even")),
]

FLOW = """\
from metaflow import FlowSpec, step


class HelloFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("hello")


if __name__ == "__main__":
    HelloFlow()
"""


@dataclass(frozen=True)
class Installation:
    """A virtual environment that holds both packages and sees what the tests' own one has."""

    folder: Path
    work: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment outside the checkout and return what it prints."""
        ended = self.ended(program, *arguments)
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def ended(
        self, program: str, *arguments: str, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program, whatever its exit code."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        }
        environment |= {"METAFLOW_USER": "tester", **variables}
        return subprocess.run(
            [self.folder / "bin" / program, *arguments],
            cwd=self.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )


def source_files(folder: str) -> dict[str, bytes]:
    """The sources of a package by their paths, without what tools leave between them."""
    source = ROOT / "packages" / folder / "src"
    return {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in source.rglob("*")
        if path.is_file() and not any(is_cache(part) for part in path.relative_to(source).parts)
    }


def is_cache(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of each package, and the wheel that is built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    for package in FOLDERS:
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
        ended = subprocess.run(
            [*command, str(ROOT / "packages" / package)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
    return folder


@pytest.fixture(scope="module", params=KINDS)
def installation(
    request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    folder = tmp_path_factory.mktemp("installation") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site_packages = folder / "lib" / version / "site-packages"
    # Dependencies come from here; a folder named in a .pth file is searched, but the .pth files
    # in it are not read, so that the editable packages stay out of sight.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pattern = "*.whl" if request.param == "wheel" else "*.tar.gz"
    files = sorted(str(path) for path in built.glob(pattern))
    assert len(files) == len(FOLDERS)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]
    subprocess.run([*pip, *options, "--quiet", *files], check=True)
    return Installation(folder, tmp_path_factory.mktemp("work"))


@pytest.mark.parametrize(("package", "name"), FOLDERS.items())
def test_wheel_holds_the_sources_and_nothing_else(built: Path, package: str, name: str) -> None:
    [wheel] = built.glob(f"{name}-[0-9]*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = {
            path: archive.read(path) for path in archive.namelist() if ".dist-info/" not in path
        }
        facts = {path.split("/", 1)[1] for path in archive.namelist() if ".dist-info/" in path}
        [metadata_path] = [path for path in archive.namelist() if path.endswith("/METADATA")]
        metadata = HeaderParser().parsestr(archive.read(metadata_path).decode())
    assert content == source_files(package)
    assert "licenses/LICENSE" in facts
    assert metadata["License-Expression"] == "Apache-2.0"
    readme = (ROOT / "packages" / package / "README.md").read_text()
    assert str(metadata.get_payload()).strip() == readme.strip()


def test_core_wheel_holds_what_generated_files_and_metaflow_read(built: Path) -> None:
    [wheel] = built.glob("metaflow_prefect-[0-9]*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    runtime = {name for name in names if name.startswith("metaflow_prefect/runtime/")}
    assert "metaflow_prefect/runtime/flow_run/scheduler.py" in runtime
    assert "metaflow_prefect/py.typed" in names
    assert [name for name in names if "metaflow_extensions/" in name and "/mfextinit_" in name]
    # A namespace that Metaflow's other extensions share.
    assert "metaflow_extensions/__init__.py" not in names


@pytest.mark.parametrize(("package", "name"), FOLDERS.items())
def test_sdist_holds_what_a_build_needs(built: Path, package: str, name: str) -> None:
    [sdist] = built.glob(f"{name}-[0-9]*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {path.split("/", 1)[1] for path in archive.getnames() if "/" in path}
    needed = {"LICENSE", "README.md", "pyproject.toml", "PKG-INFO"}
    assert needed <= names
    assert {f"src/{path}" for path in source_files(package)} <= names


def test_installed_mfp_tells_its_version(installation: Installation) -> None:
    assert installation.run("mfp", "--version").split()[-1].count(".") == 2
    assert installation.run("mfp", "--help")


def test_mfp_alone_says_what_is_missing(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    alone = Installation(folder, tmp_path)
    [wheel] = built.glob("metaflow_prefect_cli-*.whl")
    libraries = tmp_path / "libraries"  # what mfp needs, without what Metaflow and Prefect need
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--quiet", str(wheel)], check=True)
    libraries.mkdir()
    for name in ("click", "pathspec", "ruamel", "yaml", "rich", "packaging"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        [place] = spec.submodule_search_locations or [""]
        (libraries / name).symlink_to(place)
    run = partial(alone.ended, PYTHONPATH=str(libraries))
    ended = run("mfp", "list")
    assert ended.returncode == 3
    assert ended.stdout.startswith("mfp: error: mfp needs the package metaflow-prefect, which is")
    assert "pip install ./packages/metaflow-prefect ./packages/mfp" in ended.stdout
    assert ended.stdout.count("\n") == 1
    assert run("mfp", "--version").returncode == 0
    # Another project's package of that name, and an older one of ours.
    other = libraries / "metaflow_prefect"
    other.mkdir()
    (other / "__init__.py").touch()
    assert "which is not installed" in run("mfp", "list").stdout
    (other / "__about__.py").write_text('__version__ = "0.3.9"\n')
    assert "and 0.3.9 is installed" in run("mfp", "list").stdout


def test_installed_packages_are_not_the_checkout(installation: Installation) -> None:
    code = "import metaflow_prefect, mfp; print(metaflow_prefect.__file__); print(mfp.__file__)"
    paths = installation.run("python", "-c", code).split()
    assert all(Path(path).is_relative_to(installation.folder) for path in paths)


def test_installed_extension_converts_a_flow(installation: Installation) -> None:
    (installation.work / "hello.py").write_text(FLOW)
    installation.run("python", "hello.py", "prefect", "create", "hello_prefect.py")
    text = (installation.work / "hello_prefect.py").read_text()
    compile(text, "hello_prefect.py", "exec")
    assert "HelloFlow" in text
    assert "hello" in installation.run("python", "hello_prefect.py", "--help")
