"""Metaflow's processes: the one that serves a run, and those that run its steps."""
