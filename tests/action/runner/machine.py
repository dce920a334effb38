"""The machine that a job runs on, and what it knows from the start."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from runner.expressions import Value


@dataclass(frozen=True, kw_only=True)
class Call:
    """A step that uses an action which is stubbed.

    Attributes:
        inputs: What stands under `with`.
        workspace: The repository.
        variables: The environment of the step.
    """

    inputs: Mapping[str, str]
    workspace: Path
    variables: Mapping[str, str]


class ActionFailed(Exception):
    """Raised by a stub whose action would fail."""


Stub: TypeAlias = Callable[[Call], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where steps run.

    Attributes:
        workspace: The checked-out repository.
        temporary: The folder for files that last as long as the job.
        variables: The environment that each step has from the machine.
        env: The environment that each step has from the workflow; the context `env`.
        github: The context `github`.
        stubs: What stands in for actions of others, by their names without the ref.
        actions: The folders of actions that are run as they are, likewise.
        done: The names of steps that succeed at once, since what they leave is there already.
    """

    workspace: Path
    temporary: Path
    variables: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)
    github: Mapping[str, Value] = field(default_factory=dict)
    stubs: Mapping[str, Stub] = field(default_factory=dict)
    actions: Mapping[str, Path] = field(default_factory=dict)
    done: Collection[str] = ()

    @property
    def runner(self) -> Mapping[str, Value]:
        """The context `runner`."""
        return {"os": "Linux", "temp": str(self.temporary)}

    def with_env(self, env: Mapping[str, str]) -> "Machine":
        """Give the same machine with more variables of the workflow."""
        return replace(self, env={**self.env, **env})

    def with_variables(self, variables: Mapping[str, str]) -> "Machine":
        """Give the same machine with more variables of its own."""
        return replace(self, variables={**self.variables, **variables})


def machine(
    workspace: Path,
    temporary: Path,
    *,
    path: str,
    stubs: Mapping[str, Stub],
    actions: Mapping[str, Path] | None = None,
    event: str = "push",
    env: Mapping[str, str] | None = None,
    done: Collection[str] = (),
) -> Machine:
    """Set a machine up as GitHub does.

    Args:
        workspace: The checked-out repository.
        temporary: An existing empty folder.
        path: What PATH is.
        stubs: What stands in for actions of others.
        actions: The folders of actions that are run as they are.
        event: The name of the event that started the workflow.
        env: The environment of the job.
        done: The names of steps that succeed at once, since what they leave is there already.

    Returns:
        The machine.
    """
    facts = {
        "actor": "octocat",
        "event_name": event,
        "ref": "refs/heads/main",
        "ref_name": "main",
        "repository": "octo/flows",
        "repository_owner": "octo",
        "run_id": "1",
        "server_url": "https://github.example",
        "sha": "0123456789abcdef0123456789abcdef01234567",
        "workflow": "flows",
        "workspace": str(workspace),
    }
    home = temporary / "home"
    home.mkdir()
    return Machine(
        workspace=workspace,
        temporary=temporary,
        variables={
            "PATH": path,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(temporary),
            **{f"GITHUB_{name.upper()}": value for name, value in facts.items()},
        },
        env=env or {},
        github=facts,
        stubs=stubs,
        actions=actions or {},
        done=done,
    )
