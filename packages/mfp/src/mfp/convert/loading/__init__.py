"""Load flows, each in a process of its own, with stand-ins for what is not installed."""
