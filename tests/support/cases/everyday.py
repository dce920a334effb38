"""The cases that test runs compare; `pytest --thorough` compares all of them.

One for each construct: the rest are variants of these. Those of graphs and of failures are compared
each day, the others every other day.
"""

NAMES = """
graph-linear graph-branches_together graph-foreach_list graph-foreach_empty
graph-foreach_over_the_limit graph-foreach_body graph-foreach_nested_3
graph-split_in_foreach graph-foreach_in_split graph-foreach_in_one_arm
graph-split_unequal graph-switch_arms_two graph-switch_nested graph-switch_in_split
graph-switch_in_foreach graph-switch_meet_in_foreach graph-foreach_in_switch
graph-switch_no_case graph-loop_twice_apart graph-loop_in_foreach graph-loop_to_foreach
graph-named_ends graph-single_step_argument graph-inherited_elsewhere graph-parallel
graph-unbounded_foreach graph-merge_artifacts
parameters-parameters_kinds parameters-parameters_given
parameters-parameters_argument_before_environment parameters-parameters_wrong_type
parameters-parameters_unknown parameters-parameters_required_missing
parameters-parameters_deploy_time parameters-parameters_names_given
parameters-parameters_keywords_given parameters-parameters_collisions_given
parameters-parameters_private_given parameters-parameters_own_names
parameters-parameters_click_given parameters-include_file_given parameters-tagged_given
failure-fail_raise failure-fail_killed failure-fail_in_foreach failure-exit_202_in_arm
failure-retry_in_foreach failure-retry_exhausted failure-catch_retry
failure-catch_killed failure-timeouts
decorators-environment_leak decorators-card decorators-project_branch
decorators-secrets_inline decorators-exit_hook decorators-exit_hook_error
decorators-user_decorator decorators-mutators_given decorators-configs_value
decorators-with_several decorators-own_interpreter
wild-several_flows wild-no_guard wild-guard_function wild-non_ascii_given
wild-package_absolute wild-odd_file_name wild-shadows_stdlib wild-big_output wild-set_by_file
wild-long_line wild-closed_streams wild-leaves_daemon
"""
EVERYDAY = frozenset(NAMES.split())

# Those that every test run compares under the other launcher too.
ALSO_FRESH_NAMES = """
graph-switch_in_foreach failure-catch_retry decorators-own_interpreter
decorators-mutators_given wild-no_guard
"""
ALSO_FRESH = frozenset(ALSO_FRESH_NAMES.split())
