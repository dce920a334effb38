"""How our packages are installed: never by their names, which others have in the package index."""

from mfp.__about__ import __version__
from mfp.errors import MfpError

SOURCE = "https://github.com/npow/metaflow-prefect"
CORE, OWN = "metaflow-prefect", "metaflow-prefect-cli"


def install_command() -> str:
    """Give the command that installs both packages, in this version, from the release's wheels."""
    wheels = (f"{name.replace('-', '_')}-{__version__}-py3-none-any.whl" for name in (CORE, OWN))
    return " ".join(
        ("pip install", *(f"{SOURCE}/releases/download/v{__version__}/{one}" for one in wheels))
    )


def install_remedy() -> str:
    """Say how both packages are installed, as a whole sentence."""
    return (
        f"Install the same version of both: {install_command()}; or in a clone of {SOURCE}: "
        "pip install ./packages/metaflow-prefect ./packages/mfp."
    )


def check_core() -> None:
    """Check that metaflow-prefect is there, and is the one that belongs to this mfp.

    Raises:
        MfpError: If it is not.
    """
    try:
        from metaflow_prefect.__about__ import __version__ as found  # noqa: PLC0415
    except ImportError:  # also where another project's package of that name is there
        raise MfpError(
            f"mfp needs the package {CORE}, which is not installed", install_remedy()
        ) from None
    if found != __version__:
        raise MfpError(
            f"mfp {__version__} needs {CORE} {__version__}, and {found} is installed",
            install_remedy(),
        )
