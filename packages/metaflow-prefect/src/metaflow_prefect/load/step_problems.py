"""What the decorators of a flow's steps refuse, all of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from metaflow._vendor import click
from metaflow.decorators import StepDecorator
from metaflow.exception import MetaflowException
from metaflow.system_context import system_context

COMMAND = "prefect"
REMOTE_STORES = {"batch": ("s3",), "kubernetes": ("s3", "azure", "gs")}


class StepProblems:
    """What the decorators of steps have refused, when Metaflow initialised them.

    Metaflow itself stops at the first.
    """

    found: list[str] = []  # noqa: RUF012 - of this process, which converts one flow

    @classmethod
    def record(cls) -> None:
        """From now on let decorators refuse, and keep what they say."""
        setattr(StepDecorator, "step_init_ctx", property(cls._hook))  # noqa: B010

    @classmethod
    def _hook(cls, decorator: Any) -> Callable[[str], None] | None:
        context = click.get_current_context(silent=True)
        if context is not None and context.find_root().saved_args[:1] != [COMMAND]:
            return None  # Metaflow's own commands stay as they are
        return partial(cls._initialise, decorator)

    @classmethod
    def _initialise(cls, decorator: Any, step: str) -> None:
        flow, store = system_context.flow, system_context.flow_datastore
        if decorator.name in REMOTE_STORES and store.TYPE == "local":
            # Only where the flow runs a remote one has to be configured.
            store = SimpleNamespace(TYPE="s3")
        (decorators,) = (one.decorators for one in flow if one.__name__ == step)
        try:
            decorator.step_init(
                flow,
                flow._graph,
                step,
                decorators,
                system_context.environment,
                store,
                system_context.logger,
            )
        except MetaflowException as problem:
            text = str(problem).replace("*", "")
            cls.found.append(text if f"step {step} " in text.lower() else f"Step {step}: {text}")
