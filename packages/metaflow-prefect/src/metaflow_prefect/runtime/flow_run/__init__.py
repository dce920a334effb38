"""The Prefect process: what runs next, and what Prefect's pages show of it."""

from ..versions import check_prefect

check_prefect(__name__)
