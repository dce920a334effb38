"""What has set a run off, told to its steps in containers as Metaflow's `current.trigger`.

A container runs the flow's own source from a code package, in which there is this extension without
the package beside: so this module needs Metaflow alone. It is imported wherever Metaflow is.
"""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar

from metaflow import current
from metaflow.decorators import StepDecorator
from metaflow.events import Trigger
from metaflow.exception import MetaflowException


class PrefectInternalDecorator(StepDecorator):
    """Added to the remote steps of a run that an event or another run has set off.

    Its name ends as those of Metaflow's other schedulers do, which Metaflow does not list to users.
    """

    name = "prefect_internal"
    # The events, as a list in JSON that is encoded in base 64.
    defaults: ClassVar[dict[str, Any]] = {"triggers": None}

    def init(self) -> None:
        """Read the events.

        Raises
        ------
        MetaflowException
            They are not what a run of ours has given.
        """
        self._triggers: list[dict[str, Any]] = []
        if self.attributes["triggers"] is not None:
            try:
                self._triggers = json.loads(base64.urlsafe_b64decode(self.attributes["triggers"]))
            except (TypeError, ValueError):
                raise MetaflowException(
                    f"The decorator {self.name} is not made for use by hand: leave it out."
                ) from None

    def task_pre_step(self, *_: Any) -> None:
        """Let `current.trigger` be what it is in steps that run where the flow does."""
        if self._triggers:
            know = current._update_env  # noqa: SLF001 - as Metaflow's own decorators do
            know({"trigger": Trigger(self._triggers)})
