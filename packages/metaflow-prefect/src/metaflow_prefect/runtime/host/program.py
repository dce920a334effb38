# Loads the Metaflow side of a generated file, and nothing of its Prefect side.
def load() -> None:
    import ast
    import sys
    import types

    path, kind = sys.argv[1:3]
    del sys.path[0]
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    divider = text[: text.index("\n# ===== Metaflow's side")].count("\n")
    side = types.ModuleType("metaflow_side")
    sys.modules[side.__name__] = side
    side.__dict__["__file__"] = path
    nodes = [
        node
        for node in ast.parse(text).body
        if node.lineno > divider
        or isinstance(node, ast.Import)
        or (
            isinstance(node, ast.ImportFrom)
            and not str(node.module).startswith("prefect")
        )
    ]
    exec(compile(ast.Module(nodes, []), path, "exec"), side.__dict__)  # noqa: S102
    side.metaflow_side(kind)


# A flow runs in this `__main__`, where it must find no name but its own.
globals().pop("load")()
