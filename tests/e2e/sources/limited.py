"""An attempt that waits, and two tasks that would run at once, if they did not want the same."""

import time
from pathlib import Path

from metaflow import FlowSpec, current, resources, retry, step


class LimitedFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0.03)
    @step
    def start(self):
        if current.retry_count == 0:
            with open("began", "w") as file:
                file.write(str(time.time()))
            raise RuntimeError("first attempt")
        with open("began") as file:
            print("waited:", time.time() - float(file.read()) > 0.03 * 60)
        self.items = [1, 2]
        self.next(self.train, foreach="items")

    @resources(gpu=1, memory=16000, cpu=1)
    @step
    def train(self):
        Path(f"running-{self.index}").touch()
        end = time.monotonic() + 3  # for the other to begin, if it can
        self.together = False
        while not self.together and time.monotonic() < end:
            self.together = len(list(Path().glob("running-*"))) > 1
            time.sleep(0.05)
        Path(f"running-{self.index}").unlink()
        self.next(self.join)

    @step
    def join(self, inputs):
        print("overlap:", any(task.together for task in inputs))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LimitedFlow()
