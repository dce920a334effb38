"""Check that a tag names the version of both packages.

python .ci/check_tag.py v0.4.0
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = (
    "packages/metaflow-prefect/src/metaflow_prefect/__about__.py",
    "packages/mfp/src/mfp/__about__.py",
)


def version(file: str) -> str:
    """Read a package's version.

    Args:
        file: The file that has it, from the root.

    Returns:
        The version.
    """
    facts: dict[str, str] = {}
    exec((ROOT / file).read_text(encoding="utf-8"), facts)  # noqa: S102  (our own file)
    return facts["__version__"]


def main(tag: str) -> int:
    """Compare.

    Args:
        tag: The tag.

    Returns:
        0 if they agree, else 1.
    """
    versions = {file: version(file) for file in FILES}
    for file, found in versions.items():
        if tag != f"v{found}":
            print(f"{file} has {found}, and the tag is {tag}")
    return int(set(versions.values()) != {tag.removeprefix("v")})


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
