"""A switch whose keys are values of a config."""

from metaflow import Config, FlowSpec, step


class ConfigSwitchFlow(FlowSpec):
    config = Config("config", default="config.json")
    slow = Config("slow", default_value={"key": "go slow"})

    @step
    def start(self):
        self.mode = "go fast"
        self.next({self.config.label: self.a, self.slow.key: self.end}, condition="chosen")

    chosen = "go slow"

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ConfigSwitchFlow()
