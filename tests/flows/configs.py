"""Configs from a file, a default value, and a parser; used in decorators and parameters."""

import os

from metaflow import Config, FlowSpec, Parameter, config_expr, current, environment, retry, step


def ini(text):
    return dict(line.split(" = ") for line in text.splitlines())


class ConfigsFlow(FlowSpec):
    config = Config("config", default="config.json")
    inline = Config("inline", default_value={"nested": {"value": [1, "é"]}})
    ini = Config("ini-file", default="config.ini", parser=ini)
    number = Parameter("number", default=config.default, type=int)

    @environment(vars=config_expr("config.env"))
    @retry(times=config.times, minutes_between_retries=0)
    @step
    def start(self):
        self.got = [self.config.label, self.inline.nested.value, self.ini.a, self.ini["b"]]
        self.number_got = self.number
        self.variable = os.environ.get("CONFIGURED")
        self.attempt = current.retry_count
        if current.retry_count == 0:
            raise RuntimeError("first attempt")
        self.next(self.end)

    @step
    def end(self):
        print(self.got, dict(self.config))


if __name__ == "__main__":
    ConfigsFlow()
