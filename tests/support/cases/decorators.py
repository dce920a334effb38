"""Cases of decorators of steps and flows, configs and mutators."""

from functools import partial

from support.case import Case

_case = partial(Case, group="decorators")

CASES = (
    _case(id="environment", file="environment.py", flow="EnvironmentFlow"),
    _case(
        id="environment_outside",
        file="environment.py",
        flow="EnvironmentFlow",
        env={"OUTER": "from outside"},
    ),
    _case(id="environment_leak", file="environment_leak.py", flow="EnvironmentLeakFlow"),
    _case(id="process_facts", file="process_facts.py", flow="ProcessFactsFlow"),
    _case(id="resources", file="resources.py", flow="ResourcesFlow"),
    _case(id="card", file="card.py", flow="CardFlow"),
    _case(id="project", file="project.py", flow="ProjectFlow"),
    _case(id="project_branch", file="project.py", flow="ProjectFlow", top=("--branch", "side")),
    _case(id="project_production", file="project.py", flow="ProjectFlow", top=("--production",)),
    _case(id="secrets_inline", file="secrets_inline.py", flow="SecretsInlineFlow"),
    _case(id="exit_hook", file="exit_hook.py", flow="ExitHookFlow", writes=("hook.txt",)),
    _case(
        id="exit_hook_error",
        file="exit_hook.py",
        flow="ExitHookFlow",
        args=("--fail", "true"),
        writes=("hook.txt",),
        ok=False,
    ),
    _case(id="user_decorator", file="user_decorator.py", flow="UserDecoratorFlow"),
    _case(id="mutators", file="mutators.py", flow="MutatorsFlow"),
    _case(
        id="mutators_given", file="mutators.py", flow="MutatorsFlow", args=("--added", "by hand")
    ),
    _case(id="configs", file="configs.py", flow="ConfigsFlow", needs=("config.json", "config.ini")),
    _case(
        id="configs_file",
        file="configs.py",
        flow="ConfigsFlow",
        top=("--config", "config", "other_config.json"),
        needs=("config.json", "config.ini", "other_config.json"),
    ),
    _case(
        id="configs_value",
        file="configs.py",
        flow="ConfigsFlow",
        top=("--config-value", "inline", '{"nested": {"value": 5}}'),
        needs=("config.json", "config.ini"),
    ),
    _case(
        id="configs_parameter",
        file="configs.py",
        flow="ConfigsFlow",
        args=("--number", "5"),
        needs=("config.json", "config.ini"),
    ),
    _case(
        id="configs_missing",
        file="configs.py",
        flow="ConfigsFlow",
        needs=("config.ini",),
        ok=False,
        starts=False,
    ),
    _case(
        id="config_switch", file="config_switch.py", flow="ConfigSwitchFlow", needs=("config.json",)
    ),
    _case(
        id="config_mutator",
        file="config_mutator.py",
        flow="ConfigMutatorFlow",
        needs=("config.json",),
    ),
    _case(id="own_interpreter", file="own_interpreter.py", flow="OwnInterpreterFlow"),
    # of no effect here: the entrypoint that it chooses is the one of a step elsewhere
    _case(
        id="environment_uv",
        file="environment.py",
        flow="EnvironmentFlow",
        top=("--environment", "uv"),
    ),
    _case(id="schedule", file="schedule.py", flow="ScheduleFlow"),
    _case(id="with_option", file="with_option.py", flow="WithOptionFlow"),
    _case(
        id="with_retry",
        file="with_option.py",
        flow="WithOptionFlow",
        args=("--with", "retry:times=1,minutes_between_retries=0", "--fail_first", "true"),
    ),
    _case(
        id="with_several",
        file="with_option.py",
        flow="WithOptionFlow",
        top=("--with", 'environment:vars={"WITH_VARIABLE": "it\'s é"}'),
        args=("--with", "resources:cpu=1", "--with", "catch:var=problem"),
    ),
    _case(
        id="with_environment",
        file="with_option.py",
        flow="WithOptionFlow",
        top=("--with", 'environment:vars={"WITH_VARIABLE": "x"}'),
    ),
)
