"""A flow with parameters: values that can be chosen anew for each run.

See them:                    python parameters.py run --help
Run it with Metaflow alone:  python parameters.py run --who Ada --count 2
Run it through Prefect:      python parameters.py prefect run --who Ada --count 2
"""

import json

from metaflow import FlowSpec, JSONType, Parameter, step


class ParametersFlow(FlowSpec):
    """Greet somebody, in a way that the parameters decide."""

    who = Parameter("who", help="Whom to greet.", default="world")
    count = Parameter("count", help="How many times.", type=int, default=1)
    shout = Parameter("shout", help="Whether to use capital letters.", type=bool, default=False)
    # The name on the command line may differ from the one in the code.
    punctuation = Parameter(
        "closing-marks",
        help="What may stand at the end, as a JSON list; taken in turn.",
        type=JSONType,
        default=json.dumps(["!", "."]),
    )

    @step
    def start(self):
        """Parameters are on `self` in every step, with their type, and cannot be changed."""
        greeting = f"Hello, {self.who}"
        self.greeting = greeting.upper() if self.shout else greeting
        self.next(self.end)

    @step
    def end(self):
        """Greet as many times as was asked for."""
        for number in range(self.count):
            print(self.greeting + self.punctuation[number % len(self.punctuation)])


if __name__ == "__main__":
    ParametersFlow()
