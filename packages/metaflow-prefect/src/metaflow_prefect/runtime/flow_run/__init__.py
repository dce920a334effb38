"""The Prefect process: what runs next, and what Prefect's pages show of it."""
