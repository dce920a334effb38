"""Defaults of configs that are looked for beside the flow's file, too."""

from __future__ import annotations

import os
import sys
from copy import copy
from pathlib import Path
from typing import Any

from metaflow.parameters import DeployTimeField
from metaflow.user_configs.config_options import ConfigInput


class ConfigFiles:
    """Has Metaflow find a config's default beside the flow, where the current folder lacks it.

    Metaflow itself looks in the current folder only, so that a flow starts in its own folder alone.
    """

    taken: dict[str, str] = {}  # noqa: RUF012 - of this process, which converts one flow

    @classmethod
    def look_beside_flow(cls) -> None:
        """From now on look there, and keep which file was taken for which config."""
        process = ConfigInput.process_configs

        def process_configs(self: Any, *arguments: Any, **named: Any) -> Any:
            self._defaults = {
                name: (cls._beside(name, value) if is_path else value, is_path)
                for name, (value, is_path) in self._defaults.items()
            }
            result = process(self, *arguments, **named)
            for name in {**(self._value_values or {}), **(self._path_values or {})}:
                cls.taken.pop(name, None)  # it has another value than its default
            return result

        ConfigInput.process_configs = process_configs

    @classmethod
    def notes(cls) -> list[str]:
        """Say which files were taken beside the flow, each as a sentence."""
        return [
            f"The config {name} is taken from {_shown(path)}, beside the flow."
            for name, path in sorted(cls.taken.items())
        ]

    @classmethod
    def _beside(cls, name: str, value: Any) -> Any:
        """Return the default, or its file beside the flow's if it is only there."""
        if isinstance(value, DeployTimeField):
            deferred = copy(value)
            function = value.fun
            deferred.fun = lambda context: cls._beside(name, function(context))
            return deferred
        if not isinstance(value, str) or _is_there(value):
            return value
        path = Path(sys.argv[0]).resolve().parent / value
        if not _is_there(path):
            return value
        cls.taken[name] = str(path)
        return str(path)


def _is_there(path: str | Path) -> bool:
    """Open the file, which raises the audit event that `mfp` records."""
    try:
        Path(path).open().close()
    except OSError:
        return False
    return True


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
