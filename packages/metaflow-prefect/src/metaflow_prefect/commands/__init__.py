"""The commands of a flow's `prefect` group, each thin over what does the work."""
