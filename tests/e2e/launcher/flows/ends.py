"""A flow whose first step kills the warm process once, and whose second waits for ever."""

import os
import signal

from metaflow import FlowSpec, Parameter, current, retry, step


class EndsFlow(FlowSpec):
    wait = Parameter("wait", default=False, type=bool)

    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        if not self.wait and current.retry_count == 0:
            os.kill(os.getppid(), signal.SIGKILL)
            signal.pause()  # until the end of the parent is this one's
        self.attempt = current.retry_count
        self.next(self.end)

    @step
    def end(self):
        if self.wait:
            child = os.fork()
            if child == 0:
                signal.pause()
            with open("/proc/%d/stat" % os.getppid()) as file:
                host = int(file.read().rpartition(")")[2].split()[1])
            with open("here", "w") as file:
                file.write("%d %d %d %d" % (os.getpid(), child, os.getppid(), host))
            signal.pause()
        print("attempt", self.attempt)


if __name__ == "__main__":
    EndsFlow()
