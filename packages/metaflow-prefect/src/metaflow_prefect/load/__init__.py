"""Read Metaflow when a file is made: the flow, its decorators, what it would refuse."""
