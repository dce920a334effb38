import os
import signal

from metaflow import FlowSpec, current, retry, step


class KillsLauncherFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(6))
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        if current.retry_count == 0:
            os.kill(os.getppid(), signal.SIGKILL)
            signal.pause()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    KillsLauncherFlow()
