"""One arm leaves with the code that forbids retries (202): the other arm still runs to its end."""

import sys

from metaflow import FlowSpec, catch, retry, step


class Exit202InArmFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.leaves, self.stays)

    @catch(var="problem")
    @retry(times=1, minutes_between_retries=0)
    @step
    def leaves(self):
        sys.exit(202)
        self.next(self.join)

    @step
    def stays(self):
        self.next(self.stays_on)

    @step
    def stays_on(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Exit202InArmFlow()
