"""The versions of Metaflow and Prefect that are supported: the one place which says so.

The bounds in `pyproject.toml`, the README and the environments of the tests are held to it.
"""

# The first version that is supported, and the first that is not (None: no such is known).
METAFLOW_VERSIONS = ("2.19.23", None)
PREFECT_VERSIONS = ("3.8", "3.10")
