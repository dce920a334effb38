"""The click group `mfp`; commands import what they need when they run."""

import click

from mfp.__about__ import __version__


@click.group(name="mfp", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mfp")
def mfp() -> None:
    """Convert the Metaflow flows of a repository to Prefect."""


def run(arguments: list[str]) -> int:
    """Run the command line.

    Args:
        arguments: What follows the program's name.

    Returns:
        The exit code: 0 on success, 2 on wrong usage.
    """
    try:
        result = mfp.main(arguments, prog_name="mfp", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Abort:
        return 130
    return result if isinstance(result, int) else 0
