"""A helper of the flow in this package."""


def greet(name):
    return f"hello {name}"
