"""Entry point of the `mfp` command: the only place that ends the process."""

import gc
import sys

from mfp.cli import run


def main() -> None:
    """Run `mfp` on the process's own arguments and exit with its code."""
    gc.set_threshold(200_000, 30, 30)  # as mypy: to search what stays to the end is a waste
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
