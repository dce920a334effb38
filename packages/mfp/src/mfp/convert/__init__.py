"""Convert flows: each loaded in a process of its own, forked from one that knows Metaflow."""
