"""Deployments of converted flows: in a `prefect.yaml`, or on a server."""
