"""@timeout: alone, with @retry, with @catch; a step waits for an event that never comes."""

import signal
import subprocess
import threading

from metaflow import FlowSpec, Parameter, catch, current, retry, step, timeout


def hang():
    """Wait for ever, while the time is almost up."""
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    threading.Event().wait()


class TimeoutsFlow(FlowSpec):
    last = Parameter("last", default="finishes")

    @timeout(hours=1, minutes=2, seconds=60)
    @step
    def start(self):
        self.minutes_left = round(signal.getitimer(signal.ITIMER_REAL)[0] / 60)
        self.next(self.retried)

    @retry(times=1, minutes_between_retries=0)
    @timeout(minutes=9)
    @step
    def retried(self):
        self.attempt = current.retry_count
        if current.retry_count == 0:
            child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)  # it ends when this step does
            hang()
        self.next(self.caught)

    @catch(var="problem", print_exception=False)
    @timeout(seconds=1)
    @step
    def caught(self):
        threading.Event().wait()
        self.next(self.end)

    @timeout(minutes=9)
    @step
    def end(self):
        self.text = str(self.problem.exception).splitlines()[0]
        if self.last == "hangs":
            hang()


if __name__ == "__main__":
    TimeoutsFlow()
