"""Cases of flow files as they are found in the wild."""

from functools import partial

from support.case import Case

_case = partial(Case, group="wild")

ODD_FOLDER = """folder with space, 'and "quotes"""

CASES = (
    _case(id="several_flows", file="several_flows.py", flow="SeveralUsedFlow"),
    _case(id="no_guard", file="no_guard.py", flow="NoGuardFlow"),
    _case(id="guard_function", file="guard_function.py", flow="GuardFunctionFlow"),
    _case(id="non_ascii", file="non_ascii.py", flow="NonAsciiFlow"),
    _case(id="non_ascii_given", file="non_ascii.py", flow="NonAsciiFlow", args=("--größe", "9")),
    _case(id="latin_1", file="latin_1.py", flow="LatinFlow"),
    _case(id="line_ends", file="line_ends.py", flow="LineEndsFlow"),
    _case(id="prints_at_import", file="prints_at_import.py", flow="PrintsAtImportFlow"),
    _case(id="reads_argv", file="reads_argv.py", flow="ReadsArgvFlow"),
    _case(
        id="reads_environment",
        file="reads_argv.py",
        flow="ReadsArgvFlow",
        env={"READ_AT_IMPORT": "set"},
    ),
    # natively a step runs the file, not the module: relative imports fail
    _case(
        id="package_relative",
        file="package/inner/flow.py",
        flow="PackageFlow",
        module="package.inner.flow",
        needs=("package",),
        ok=False,
    ),
    _case(
        id="package_absolute",
        file="package/absolute.py",
        flow="AbsoluteFlow",
        module="package.absolute",
        env={"PYTHONPATH": "."},
        needs=("package",),
    ),
    _case(
        id="odd_file_name",
        file=f"{ODD_FOLDER}/flow-with.odd name.py",
        flow="OddNameFlow",
        needs=(ODD_FOLDER,),
    ),
    _case(
        id="shadows_stdlib",
        file="shadow/shadows_stdlib.py",
        flow="ShadowsStdlibFlow",
        needs=("shadow",),
    ),
    _case(id="set_by_file", file="set_by_file.py", flow="SetByFileFlow", writes=("left_open.txt",)),
    _case(id="hook_exits", file="hook_exits.py", flow="HookExitsFlow", ok=False),
    _case(id="awkward_names", file="awkward_names.py", flow="Flow"),
    _case(id="keyword_step", file="keyword_step.py", flow="KeywordStepFlow"),
    _case(id="closures", file="closures.py", flow="ClosuresFlow"),
    _case(id="dataclass_main", file="dataclass_main.py", flow="DataclassMainFlow"),
    _case(id="future_annotations", file="future_annotations.py", flow="FutureAnnotationsFlow"),
    _case(id="big_output", file="big_output.py", flow="BigOutputFlow"),
    _case(id="closed_streams", file="closed_streams.py", flow="ClosedStreamsFlow"),
    _case(id="leaves_daemon", file="leaves_daemon.py", flow="LeavesDaemonFlow"),
    _case(id="long_line", file="long_line.py", flow="LongLineFlow"),
    _case(id="reads_own_run", file="reads_own_run.py", flow="ReadsOwnRunFlow"),
)
