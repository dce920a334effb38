"""Load Metaflow's side of a generated file, and nothing of its Prefect side.

`python -c` with the command in `HOST` runs this part of the file alone.
"""

from __future__ import annotations


def load_metaflow_side() -> None:
    """Run the next part of the generated file as a module of its own."""
    import __future__

    import sys
    import types

    path, kind = sys.argv[1:3]
    del sys.path[0]
    with open(path, encoding="utf-8") as file:
        own, loader, side, _ = file.read().split("\n# =====", 3)
    module = types.ModuleType("metaflow_side")
    module.__dict__["__file__"] = path
    sys.modules[module.__name__] = module
    lines = own.count("\n") + loader.count("\n") + 1
    flags = __future__.annotations.compiler_flag
    code = compile("\n" * lines + "\n#" + side, path, "exec", flags)
    exec(code, module.__dict__)  # noqa: S102
    module.__dict__["metaflow_side"](kind)


if __name__ == "loader":
    load_metaflow_side()
