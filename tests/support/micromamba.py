"""Stands in for micromamba on the command line, and for the pip of its environments.

It makes environments that are virtual ones of this interpreter. A package is a module that says
which version it is, so that a step can tell in which environment it runs. What Metaflow asks for
is in its `plugins/pypi/micromamba.py` and `pip.py`.
"""

import json
import re
import site
import sys
import venv
from pathlib import Path

PACKAGE = re.compile(r"([\w-]+)==([\w.]+)")
FILE = re.compile(r".*/(\w+)-([\w.]+)-\w+(-none-any)?\.(conda|whl)")


def install(folder: str) -> Path:
    """Put the command into a folder, where it keeps its environments too.

    Returns:
        The command.
    """
    command = Path(folder, "micromamba")
    text = Path(__file__).read_text(encoding="utf-8")
    command.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    command.chmod(0o755)
    return command


def wanted(words: list[str], form: str) -> list[str]:
    """Addresses of files for the packages that are asked for by name and version."""
    found = (PACKAGE.fullmatch(word) for word in words)
    return [form.format(*one.groups()) for one in found if one and one[1] != "python"]


def make(prefix: Path, files: list[str]) -> None:
    """Make an environment, if it is not there, and install packages into it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = prefix / "lib" / version / "site-packages"
    if not packages.exists():
        venv.create(prefix, symlinks=True)
        (packages / "outside.pth").write_text("\n".join(site.getsitepackages()))
    for name, number in (found.groups()[:2] for file in files if (found := FILE.fullmatch(file))):
        (packages / f"{name}.py").write_text(f"VERSION = {number!r}\n")


def pip(prefix: Path, words: list[str]) -> None:
    """Do what Metaflow asks pip for."""
    options = dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
    if "--report" in options:
        urls = wanted(words, "https://pypi.test/{}-{}-py3-none-any.whl")
        report = {"install": [{"download_info": {"url": url}} for url in urls]}
        Path(options["--report"]).write_text(json.dumps(report))
    elif "download" in words:
        Path(options["--dest"]).mkdir(parents=True)
    elif "install" in words:
        make(prefix, words)


def main(words: list[str]) -> None:
    """Answer a command."""
    environments = Path(__file__).resolve().with_name("environments")
    answer: object = {}
    if words[0] == "config":
        where = {"envs_dirs": [str(environments)], "pkgs_dirs": [], "channels": []}
        system = "osx" if sys.platform == "darwin" else "linux"
        answer = {**where, "platform": f"{system}-arm64" if system == "osx" else "linux-64"}
    elif words[0] == "env":
        answer = {"envs": [str(path) for path in environments.glob("metaflow/*/*")]}
    elif words[0] == "list":
        answer = [{"name": "python", "version": "{}.{}.{}".format(*sys.version_info)}]
    elif words[0] == "run":
        return pip(Path(words[2]), words[3:])
    elif "--dry-run" in words:
        urls = wanted(words, "https://conda.test/{}-{}-0.conda")
        answer = {"actions": {"LINK": [{"url": url} for url in urls]}}
    elif "--prefix" in words:
        make(Path(words[words.index("--prefix") + 1]), words)
    print(json.dumps(answer))
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
