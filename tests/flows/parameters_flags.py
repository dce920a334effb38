"""Flags of every kind: by their defaults, types and own values."""

from metaflow import FlowSpec, Parameter, step


class ParametersFlagsFlow(FlowSpec):
    on = Parameter("on", is_flag=True, default=True)
    off = Parameter("off", is_flag=True, default=False)
    plain = Parameter("plain", is_flag=True)
    typed = Parameter("typed", is_flag=True, type=bool)
    forced = Parameter("forced", is_flag=True, default=True, type=bool)
    texted = Parameter("texted", is_flag=True, default=True, type=str)
    valued = Parameter("valued", flag_value="loud")
    loudly = Parameter("loudly", flag_value="loud", default="yes")
    upside = Parameter("up-side", is_flag=True, default=True, flag_value=True)

    @step
    def start(self):
        self.bools = [self.on, self.off, self.plain, self.typed, self.forced]
        self.others = [self.texted, self.valued, self.loudly, self.upside]
        self.next(self.end)

    @step
    def end(self):
        print(self.bools, self.others)


if __name__ == "__main__":
    ParametersFlagsFlow()
