"""What GitHub's runner gives a step, and what code of others must not see of it."""

import os
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mfp.discover.files.ignore import repository_top
from mfp.errors import UsageError

# By these a step reaches into later ones, or outside: no business of the flows that are loaded.
_CLOSED = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
_SECRET = ("GITHUB_TOKEN", "GH_TOKEN", "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY")
_SECRET_PREFIXES = ("ACTIONS_", "INPUT_", "MFP_INPUT_")


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """Where a step is, and where it writes to.

    Attributes:
        root: The folder of the repository, which paths are shown relative to.
        output: The file for the step's outputs.
        summary: The file for its part of the job's summary.
        temporary: The folder for files that last as long as the job.
        blob: The address of the commit's files, without a slash at its end; None if unknown.
    """

    root: Path
    output: Path
    summary: Path
    temporary: Path
    blob: str | None

    def shown(self, path: str | os.PathLike[str]) -> str:
        """Give a path as users see it, relative to the repository.

        Args:
            path: A path, absolute or relative to the current folder.

        Returns:
            The path with `/` between its parts.
        """
        folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100
        return Path(os.path.relpath(Path(os.path.realpath(folder), name), self.root)).as_posix()

    def link(self, path: str, line: int | None) -> str | None:
        """Give the address of a line.

        Args:
            path: A path, relative to the repository.
            line: The line; None for the whole file.

        Returns:
            The address; None if the file is outside or the address of the repository unknown.
        """
        if self.blob is None or path.startswith("../"):
            return None
        anchor = "" if line is None else f"#L{line}"
        return f"{self.blob}/{quote(os.fsencode(path))}{anchor}"

    def write_outputs(self, values: Mapping[str, str]) -> None:
        """Write outputs of the step; no value can be taken for another one.

        Args:
            values: The outputs by their names.
        """
        with self.output.open("a", encoding="utf-8", errors="backslashreplace") as file:
            for name, value in values.items():
                end = f"end-{secrets.token_hex(16)}"
                file.write(f"{name}<<{end}\n{value}\n{end}\n")

    def write_summary(self, text: str) -> None:
        """Write to the job's summary.

        Args:
            text: Markdown, with a line break at its end.
        """
        with self.summary.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)


def read_runner(variables: Mapping[str, str]) -> Runner:
    """Read what the runner says in its variables.

    Args:
        variables: The environment.

    Returns:
        What it says.

    Raises:
        UsageError: If this is no step of GitHub Actions.
    """
    try:
        workspace, output, summary, temporary = (
            Path(variables[name])
            for name in ("GITHUB_WORKSPACE", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "RUNNER_TEMP")
        )
    except KeyError as error:
        raise UsageError(
            f"This is not a step of GitHub Actions: {error.args[0]} is not set",
            "Use mfp convert-all or mfp deploy instead.",
        ) from None
    top = repository_top(str(Path.cwd()))
    return Runner(
        root=Path(os.path.realpath(workspace if top is None else top)),
        output=output,
        summary=summary,
        temporary=temporary,
        blob=_blob(variables),
    )


def close(variables: MutableMapping[str, str]) -> None:
    """Take out of the environment what flows that are loaded must not see.

    Args:
        variables: The environment.
    """
    for name in list(variables):
        if name in (*_CLOSED, *_SECRET) or name.startswith(_SECRET_PREFIXES):
            del variables[name]


def _blob(variables: Mapping[str, str]) -> str | None:
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    server, repository, commit = (variables.get(name, "") for name in names)
    return f"{server}/{repository}/blob/{commit}" if server and repository and commit else None
