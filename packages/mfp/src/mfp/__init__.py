"""mfp: convert the Metaflow flows of a whole repository to Prefect."""
