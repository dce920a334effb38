"""Parameters named as things that generated code is likely to use, and as options of commands."""

from metaflow import FlowSpec, Parameter, step


class ParametersCollisionsFlow(FlowSpec):
    p_flow = Parameter("flow", default="flow!")
    p_task = Parameter("task", default="task!")
    p_step = Parameter("step", default="step!")
    p_json = Parameter("json", default="json!")
    p_copy = Parameter("copy", default="copy!")
    p_return_state = Parameter("return_state", default="return_state!")
    p_wait_for = Parameter("wait_for", default="wait_for!")
    p_resume = Parameter("resume", default="resume!")
    p_launcher = Parameter("launcher", default="launcher!")
    p_self = Parameter("self", default="self!")
    p_metaflow = Parameter("metaflow", default="metaflow!")
    p_prefect = Parameter("prefect", default="prefect!")
    p_os = Parameter("os", default="os!")
    p_sys = Parameter("sys", default="sys!")
    p_cls = Parameter("cls", default="cls!")
    p_args = Parameter("args", default="args!")
    p_kwargs = Parameter("kwargs", default="kwargs!")
    p_context = Parameter("context", default="context!")
    p_parameters = Parameter("parameters", default="parameters!")
    p_params_ = Parameter("params_", default="params_!")
    p_run = Parameter("run", default="run!")
    p_main = Parameter("main", default="main!")
    p_name_ = Parameter("name_", default="name_!")
    p_run_id_ = Parameter("run_id_", default="run_id_!")
    p_tags_ = Parameter("tags_", default="tags_!")
    p_retry_count = Parameter("retry_count", default="retry_count!")
    p_version = Parameter("version", default="version!")
    p_schema = Parameter("schema", default="schema!")
    p_state = Parameter("state", default="state!")
    p_result = Parameter("result", default="result!")
    p_timeout = Parameter("timeout", default="timeout!")
    p_cache_key = Parameter("cache_key", default="cache_key!")
    p_on_failure = Parameter("on_failure", default="on_failure!")
    p_deployment = Parameter("deployment", default="deployment!")
    p_schedule = Parameter("schedule", default="schedule!")
    p_host = Parameter("host", default="host!")
    p_entrypoint = Parameter("entrypoint", default="entrypoint!")
    p_help = Parameter("help", default="help!")
    p_with_ = Parameter("with_", default="with_!")
    p_datastore = Parameter("datastore", default="datastore!")
    p_metadata = Parameter("metadata", default="metadata!")
    p_max_retries = Parameter("max_retries", default="max_retries!")
    p_step_to_rerun = Parameter("step_to_rerun", default="step_to_rerun!")
    p_origin_run_id = Parameter("origin_run_id", default="origin_run_id!")
    p_user = Parameter("user", default="user!")
    p_config = Parameter("config", default="config!")
    p_subprocess = Parameter("subprocess", default="subprocess!")
    p_pathlib = Parameter("pathlib", default="pathlib!")
    p_Path = Parameter("Path", default="Path!")
    p_dataclass = Parameter("dataclass", default="dataclass!")
    p_annotations = Parameter("annotations", default="annotations!")
    p_logger = Parameter("logger", default="logger!")
    p_log_prints = Parameter("log_prints", default="log_prints!")
    p_task_runner = Parameter("task_runner", default="task_runner!")
    p_submit = Parameter("submit", default="submit!")
    p_future = Parameter("future", default="future!")
    p_datetime = Parameter("datetime", default="datetime!")
    p_asyncio = Parameter("asyncio", default="asyncio!")
    p_signal = Parameter("signal", default="signal!")
    p_typing = Parameter("typing", default="typing!")
    p_Literal = Parameter("Literal", default="Literal!")
    p_Any = Parameter("Any", default="Any!")

    @step
    def start(self):
        names = sorted(name for name in dir(type(self)) if name.startswith("p_"))
        self.got = [getattr(self, name) for name in names]
        self.next(self.end)

    @step
    def end(self):
        print(len(self.got))


if __name__ == "__main__":
    ParametersCollisionsFlow()
