"""Cases of the shapes that a graph can have."""

from functools import partial

from support.case import Case

_case = partial(Case, group="graph")

CASES = (
    _case(id="linear", file="linear.py", flow="LinearFlow"),
    _case(id="split_join", file="split_join.py", flow="SplitJoinFlow"),
    _case(id="branches_together", file="branches_together.py", flow="BranchesTogetherFlow"),
    _case(id="foreach_list", file="foreach_list.py", flow="ForeachListFlow"),
    _case(id="foreach_one", file="foreach_one.py", flow="ForeachOneFlow"),
    _case(id="foreach_dict", file="foreach_dict.py", flow="ForeachDictFlow"),
    _case(
        id="foreach_dict_names",
        file="foreach_dict_names.py",
        flow="ForeachDictNamesFlow",
        ok=False,
        workers=1,
    ),
    _case(id="foreach_str", file="foreach_str.py", flow="ForeachStrFlow"),
    _case(id="foreach_range", file="foreach_range.py", flow="ForeachRangeFlow"),
    _case(id="foreach_set", file="foreach_set.py", flow="ForeachSetFlow"),
    _case(id="foreach_empty", file="foreach_empty.py", flow="ForeachEmptyFlow", ok=False),
    _case(
        id="foreach_generator", file="foreach_generator.py", flow="ForeachGeneratorFlow", ok=False
    ),
    _case(id="foreach_number", file="foreach_number.py", flow="ForeachNumberFlow", ok=False),
    _case(id="foreach_zip", file="foreach_zip.py", flow="ForeachZipFlow", ok=False, workers=1),
    _case(id="foreach_dictview", file="foreach_dictview.py", flow="ForeachDictviewFlow", ok=False),
    _case(id="foreach_many", file="foreach_many.py", flow="ForeachManyFlow"),
    _case(
        id="foreach_at_the_limit",
        file="foreach_many.py",
        flow="ForeachManyFlow",
        args=("--count", "3", "--max-num-splits", "3"),
    ),
    _case(
        id="foreach_over_the_limit",
        file="foreach_many.py",
        flow="ForeachManyFlow",
        args=("--count", "4", "--max-num-splits", "3"),
        ok=False,
    ),
    _case(
        id="foreach_wide", file="foreach_many.py", flow="ForeachManyFlow", args=("--count", "20")
    ),
    _case(id="foreach_body", file="foreach_body.py", flow="ForeachBodyFlow"),
    _case(id="foreach_nested_2", file="foreach_nested_2.py", flow="ForeachNestedTwoFlow"),
    _case(id="foreach_nested_3", file="foreach_nested_3.py", flow="ForeachNestedThreeFlow"),
    _case(id="foreach_twice", file="foreach_twice.py", flow="ForeachTwiceFlow"),
    _case(id="split_in_foreach", file="split_in_foreach.py", flow="SplitInForeachFlow"),
    _case(id="foreach_in_split", file="foreach_in_split.py", flow="ForeachInSplitFlow"),
    _case(id="foreach_in_one_arm", file="foreach_in_one_arm.py", flow="ForeachInOneArmFlow"),
    _case(id="split_nested", file="split_nested.py", flow="SplitNestedFlow"),
    _case(id="split_unequal", file="split_unequal.py", flow="SplitUnequalFlow"),
    _case(id="switch_simple", file="switch_simple.py", flow="SwitchSimpleFlow"),
    _case(
        id="switch_simple_other",
        file="switch_simple.py",
        flow="SwitchSimpleFlow",
        args=("--mode", "slow"),
    ),
    _case(
        id="switch_simple_no_case",
        file="switch_simple.py",
        flow="SwitchSimpleFlow",
        args=("--mode", "none"),
        ok=False,
    ),
    _case(id="switch_arms_none", file="switch_arms.py", flow="SwitchArmsFlow", args=("--arm", "0")),
    _case(id="switch_arms_one", file="switch_arms.py", flow="SwitchArmsFlow", args=("--arm", "1")),
    _case(id="switch_arms_two", file="switch_arms.py", flow="SwitchArmsFlow", args=("--arm", "2")),
    _case(id="switch_bool_false", file="switch_bool.py", flow="SwitchBoolFlow"),
    _case(
        id="switch_bool_true", file="switch_bool.py", flow="SwitchBoolFlow", args=("--flag", "true")
    ),
    _case(id="switch_nested", file="switch_nested.py", flow="SwitchNestedFlow"),
    _case(
        id="switch_nested_outer",
        file="switch_nested.py",
        flow="SwitchNestedFlow",
        args=("--outer", "b"),
    ),
    _case(id="switch_in_split", file="switch_in_split.py", flow="SwitchInSplitFlow"),
    _case(
        id="switch_in_split_short",
        file="switch_in_split.py",
        flow="SwitchInSplitFlow",
        args=("--way", "short"),
    ),
    # a switch may not lead straight to a join
    _case(
        id="switch_to_join",
        file="switch_to_join.py",
        flow="SwitchToJoinFlow",
        ok=False,
        starts=False,
    ),
    _case(id="switch_in_foreach", file="switch_in_foreach.py", flow="SwitchInForeachFlow"),
    _case(
        id="switch_meet_in_foreach",
        file="switch_meet_in_foreach.py",
        flow="SwitchMeetInForeachFlow",
    ),
    _case(id="foreach_in_switch", file="foreach_in_switch.py", flow="ForeachInSwitchFlow"),
    _case(
        id="split_in_switch",
        file="foreach_in_switch.py",
        flow="ForeachInSwitchFlow",
        args=("--how", "split"),
    ),
    _case(id="switch_no_case", file="switch_no_case.py", flow="SwitchNoCaseFlow", ok=False),
    _case(id="loop", file="loop.py", flow="LoopFlow"),
    _case(id="loop_once", file="loop.py", flow="LoopFlow", args=("--times", "1")),
    _case(id="loop_twice", file="loop_twice.py", flow="LoopTwiceFlow"),
    _case(id="loop_twice_apart", file="loop_twice_apart.py", flow="LoopTwiceApartFlow"),
    _case(id="loop_in_foreach", file="loop_in_foreach.py", flow="LoopInForeachFlow"),
    _case(id="loop_is_foreach_body", file="loop_is_foreach_body.py", flow="LoopIsForeachBodyFlow"),
    _case(id="loop_in_split", file="loop_in_split.py", flow="LoopInSplitFlow"),
    _case(id="loop_to_foreach", file="loop_to_foreach.py", flow="LoopToForeachFlow"),
    _case(
        id="loop_past_foreach",
        file="loop_to_foreach.py",
        flow="LoopToForeachFlow",
        args=("--out", "stop"),
    ),
    _case(id="named_ends", file="named_ends.py", flow="NamedEndsFlow"),
    _case(id="single_step", file="single_step.py", flow="SingleStepFlow"),
    _case(
        id="single_step_argument", file="single_step.py", flow="SingleStepFlow", args=("--x", "8")
    ),
    _case(id="single_step_marked", file="single_step_marked.py", flow="SingleStepMarkedFlow"),
    _case(id="inherited", file="inherited.py", flow="InheritedFlow"),
    _case(
        id="inherited_elsewhere",
        file="inherited_elsewhere.py",
        flow="InheritedElsewhereFlow",
        needs=("shared_steps",),
    ),
    _case(id="unbounded_foreach", file="unbounded_foreach.py", flow="UnboundedForeachFlow"),
    _case(id="parallel", file="parallel.py", flow="ParallelFlow"),
    _case(id="merge_artifacts", file="merge_artifacts.py", flow="MergeArtifactsFlow"),
    _case(id="merge_conflict", file="merge_conflict.py", flow="MergeConflictFlow", ok=False),
    _case(id="artifact_values", file="artifact_values.py", flow="ArtifactValuesFlow"),
    _case(id="many_artifacts", file="many_artifacts.py", flow="ManyArtifactsFlow"),
    _case(id="no_artifacts", file="no_artifacts.py", flow="NoArtifactsFlow"),
)
