"""Turn Metaflow flows into self-contained Prefect flows."""
