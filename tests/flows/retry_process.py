"""Retries after a process that was killed, or left with the code that forbids retries (202)."""

import os
import signal
import sys

from metaflow import FlowSpec, Parameter, current, retry, step


class RetryProcessFlow(FlowSpec):
    how = Parameter("how", default="kill")

    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.attempt = current.retry_count
        print("attempt", current.retry_count, flush=True)
        if current.retry_count == 0:
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            sys.exit(int(self.how))
        self.next(self.end)

    @step
    def end(self):
        print(self.attempt)


if __name__ == "__main__":
    RetryProcessFlow()
