"""What a step leaves in Metaflow's datastore, as it goes to Prefect's process."""

import warnings
from types import SimpleNamespace
from typing import Any

from metaflow_prefect.runtime.host.outcome import stored_exception

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what Metaflow imports warns of itself
    import metaflow.exception  # noqa: F401 - which is imported where it is needed


class Results(dict[str, Any]):
    """The part of a task's datastore that is read."""

    METADATA_DONE_SUFFIX = "DONE"

    def has_metadata(self, name: str) -> bool:
        return name == "DONE"


def test_exception_with_text_that_is_not_unicode() -> None:
    kept = SimpleNamespace(type="builtins.OSError", exception="no \udcff", stacktrace="no \udcff\n")
    assert stored_exception(Results(_exception=kept)) == {
        "type": "builtins.OSError",
        "message": r"no \udcff",
        "trace": "no \\udcff\n",
    }
