"""@catch on a step whose process is killed, or dies of itself: the fallback attempt runs."""

import os
import signal
import sys

from metaflow import FlowSpec, Parameter, catch, current, retry, step


class CatchKilledFlow(FlowSpec):
    times = Parameter("times", default=0)

    @catch(var="problem")
    @step
    def start(self):
        print("about to be killed", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.exits)

    @catch(var="other")
    @retry(times=1, minutes_between_retries=0)
    @step
    def exits(self):
        self.first = str(self.problem.exception)
        if current.retry_count == 0:
            os.kill(os.getpid(), signal.SIGSEGV)
        sys.exit(5)
        self.next(self.end)

    @step
    def end(self):
        print(self.problem.type, self.other.type)


if __name__ == "__main__":
    CatchKilledFlow()
