"""Where a deployment's code is for its workers: in a package, in a repository, or in a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metaflow_prefect.commands.group import generated_text, say
from metaflow_prefect.deploy.committed import check_committed
from metaflow_prefect.deploy.package import make_package
from metaflow_prefect.deploy.pull import Json, checkout_of, code_steps, commit_steps
from metaflow_prefect.generate.names import function_name
from metaflow_prefect.generate.write import check_output, write_text
from metaflow_prefect.model import FlowModel, Runtime

PULLS = ("package", "git", "local")
EXPLAINED = {
    "package": "a package in the datastore, as it is now",
    "git": "what the commit of its git repository has",
    "local": "what this folder has when a run starts: {}",
}
# What says where Metaflow's data is, and nothing secret: a worker need not be told it.
PLACES = (
    "METAFLOW_AZURE_STORAGE_BLOB_SERVICE_ENDPOINT",
    "METAFLOW_S3_ENDPOINT_URL",
    "METAFLOW_SERVICE_URL",
)


@dataclass(frozen=True, kw_only=True)
class Code:
    """The code of a deployment, where workers find it.

    Args:
        folder: The folder of this machine that holds the generated file.
        file: The generated file, relative to it and to where the steps lead.
        steps: The pull steps.
        environment: What the runs' environment has of it.
    """

    folder: Path
    file: str
    steps: list[Json]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Placing:
    """How workers get at the code of a flow.

    Args:
        source: The flow's file.
        pull: One of `PULLS`.
        local_datastore: Whether Metaflow's data is in a folder of this machine.
        runtime: Whether the generated file holds the runtime or imports it.
    """

    source: Path
    pull: str
    local_datastore: bool
    runtime: Runtime

    @classmethod
    def of(cls, obj: Any, source: Path, pull: str | None, runtime: Runtime) -> Placing:
        """Decide how workers get at the code.

        Args:
            obj: Metaflow's command line state.
            source: The flow's file.
            pull: What the user says.
            runtime: Whether the generated file holds the runtime or imports it.
        """
        is_local = obj.flow_datastore.TYPE == "local"
        usual = "local" if is_local else "package"
        return cls(source=source, pull=pull or usual, local_datastore=is_local, runtime=runtime)

    @property
    def explained(self) -> str:
        """Where the code is, in words."""
        return EXPLAINED[self.pull].format(self.source.parent)

    @property
    def beside(self) -> Path:
        """The generated file's place beside the flow."""
        return self.source.with_name(f"{self.source.stem}_prefect.py")

    def place(self, obj: Any, flow: FlowModel, whole: FlowModel, scratch: Path) -> Code:
        """Put the code where workers find it.

        Args:
            obj: Metaflow's command line state.
            flow: The flow.
            whole: The flow with its configs, as `prefect create FILE` writes it.
            scratch: An empty folder.

        Raises:
            MetaflowPrefectError: It cannot be put there.
        """
        if self.pull == "package":
            return self._packed(obj, flow, scratch)
        folder, file = self.source.parent, self.beside
        if self.pull == "git":
            checkout = checkout_of(folder)
            texts = [self._text(one) for one in (whole, flow)]
            commit = check_committed(checkout, self.source, file, texts)
            return Code(folder=folder, file=file.name, steps=commit_steps(checkout, commit))
        check_output(file, self.source)
        changed = write_text(file, self._text(flow))
        say(obj, f"{'Wrote' if changed else 'Unchanged:'} {file}", fg="green")
        steps = code_steps({"folder": str(folder)}, self._entrypoint(flow))
        return Code(folder=folder, file=file.name, steps=steps)

    def rehearse(self, flow: FlowModel, scratch: Path) -> Code:
        """Say where the code would be, and write nothing but in a folder for that.

        Args:
            flow: The flow.
            scratch: An empty folder.
        """
        write_text(scratch / self.beside.name, self._text(flow))
        return Code(folder=scratch, file=self.beside.name, steps=[])

    def _text(self, flow: FlowModel) -> str:
        return generated_text(flow, self.source, self.beside, self.runtime)

    def _entrypoint(self, flow: FlowModel) -> str:
        return f"{self.beside.name}:{function_name(flow.name)}"

    def _packed(self, obj: Any, flow: FlowModel, scratch: Path) -> Code:
        generated = scratch / self.beside.name
        write_text(generated, self._text(flow))
        package = make_package(obj, generated)
        return Code(
            folder=scratch,
            file=generated.name,
            steps=code_steps({"package": package.place}, self._entrypoint(flow)),
            environment=package.environment,
        )


def deployment_environment(obj: Any) -> dict[str, str]:
    """Return the variables by which a run finds Metaflow's data where `create` finds it.

    Args:
        obj: Metaflow's command line state.
    """
    store, metadata = obj.flow_datastore, obj.metadata
    variables = {
        "METAFLOW_DEFAULT_DATASTORE": store.TYPE,
        "METAFLOW_DEFAULT_METADATA": metadata.TYPE,
        f"METAFLOW_DATASTORE_SYSROOT_{store.TYPE.upper()}": _system_root(store),
    }
    if metadata.TYPE == "local":
        variables["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = metadata.metadata_str().partition("@")[2]
    found = {name: os.environ[name] for name in PLACES if os.environ.get(name)}
    return variables | found


def _system_root(store: Any) -> str:
    """Return what the datastore's root is in Metaflow's settings."""
    root = str(store.datastore_root)
    return str(Path(root).parent) if store.TYPE == "local" else root
