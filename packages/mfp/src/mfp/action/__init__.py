"""The logic of the GitHub Action; its shell steps only call this."""
