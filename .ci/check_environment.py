"""Check that the environment holds this checkout's packages and a Prefect that can serve."""

import importlib
import importlib.metadata
import json
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"metaflow-prefect": "metaflow-prefect", "metaflow-prefect-cli": "mfp"}
SHOWN = ("metaflow", "prefect", "fastapi", "starlette", "sqlalchemy", "pytest")


def installed_from(distribution: str) -> Path | None:
    """Find the folder from which a distribution is installed.

    Args:
        distribution: The distribution's name.

    Returns:
        The folder, or `None` if it comes from an index or is not editable.
    """
    origin = importlib.metadata.distribution(distribution).read_text("direct_url.json")
    facts = json.loads(origin or "{}")
    if not facts.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlparse(facts["url"]).path)).resolve()


def main() -> int:
    """Print what is installed.

    Returns:
        0 if all is as it must be, else 1.
    """
    for name in SHOWN:
        print(f"{name} {importlib.metadata.version(name)}")
    wrong = 0
    for distribution, folder in PACKAGES.items():
        origin = installed_from(distribution)
        print(f"{distribution} {importlib.metadata.version(distribution)}")
        if origin != ROOT / "packages" / folder:
            print(f"error: {distribution} is not installed from this checkout", file=sys.stderr)
            wrong = 1
    # Fails where Prefect's own dependencies do not fit it.
    importlib.import_module("prefect.server.api.server")
    print("Prefect's server imports")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
