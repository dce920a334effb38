"""The deployments of a repository in a `prefect.yaml`."""
