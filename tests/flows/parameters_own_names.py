"""Parameters bound to attributes named as helpers of generated code and of pydantic's models."""

from metaflow import FlowSpec, Parameter, step


class ParametersOwnNamesFlow(FlowSpec):
    flow = Parameter("flow", default="flow!")
    task = Parameter("task", default="task!")
    schema = Parameter("schema", default="schema!")
    json = Parameter("json", default="json!")
    copy = Parameter("copy", default="copy!")
    model_config = Parameter("model_config", default="model_config!")
    dict = Parameter("dict", default="dict!")
    validate = Parameter("validate", default="validate!")

    @step
    def start(self):
        self.got = [self.flow, self.task, self.schema, self.json, self.copy]
        self.more = [self.model_config, self.dict, self.validate]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ParametersOwnNamesFlow()
