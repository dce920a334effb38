"""Entry point of the `mfp` command: the only place that ends the process."""

import sys

from mfp.cli import run


def main() -> None:
    """Run `mfp` on the process's own arguments and exit with its code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
