"""Two arms that only finish when both run at the same time."""

import os
import signal

from metaflow import FlowSpec, step


class BranchesTogetherFlow(FlowSpec):
    @step
    def start(self):
        os.mkfifo("meeting")
        self.next(self.giver, self.taker)

    @step
    def giver(self):
        signal.alarm(120)  # ends the step if the other arm never comes
        with open("meeting", "w") as meeting:
            meeting.write("hello")
        signal.alarm(0)
        self.gave = "hello"
        self.next(self.join)

    @step
    def taker(self):
        signal.alarm(120)
        with open("meeting") as meeting:
            self.took = meeting.read()
        signal.alarm(0)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.gave, self.took)


if __name__ == "__main__":
    BranchesTogetherFlow()
