"""What decorators say of a deployment, brought to a Prefect server."""
