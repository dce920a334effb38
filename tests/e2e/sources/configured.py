"""Has a config, and fails as long as a file is there."""

from pathlib import Path

from metaflow import Config, FlowSpec, step


class ConfiguredFlow(FlowSpec):
    values = Config("values", default="values.json")

    @step
    def start(self):
        if Path("broken").exists():
            raise ValueError("asked to")
        print("got", self.values.number)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ConfiguredFlow()
