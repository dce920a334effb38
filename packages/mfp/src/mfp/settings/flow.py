"""What one flow is converted and deployed with."""

from dataclasses import dataclass

from metaflow_prefect.model import Runtime


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowSettings:
    """What a flow is converted and deployed with.

    Attributes:
        options: Metaflow's top-level options that have one value, as `datastore`.
        decospecs: Decorators for all steps, as for Metaflow's `--with`.
        tags: Tags of its runs.
        configs: Files of configs by the configs' names; only those that the flow has count.
        config_values: Values of configs, likewise.
        output: The name of the generated file; None for the usual one.
        work_pool: The work pool of its deployment; None if the settings name none.
        deployment: The name of its deployment; None for the usual one.
        runtime: Whether the generated file holds the runtime or imports it.
    """

    options: tuple[tuple[str, str], ...] = ()
    decospecs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    configs: tuple[tuple[str, str], ...] = ()
    config_values: tuple[tuple[str, str], ...] = ()
    output: str | None = None
    work_pool: str | None = None
    deployment: str | None = None
    runtime: Runtime = "embedded"

    def words(self) -> tuple[str, ...]:
        """Give Metaflow's top-level options, without the configs, as words."""
        return (
            *(f"--{name}={value}" for name, value in self.options),
            *(f"--with={one}" for one in self.decospecs),
        )
