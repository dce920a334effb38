"""Load flows, each in a process of its own, with stubs for what is not installed."""
