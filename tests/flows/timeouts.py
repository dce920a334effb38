"""@timeout: alone, with @retry, with @catch; a step waits for an event that never comes."""

import threading

from metaflow import FlowSpec, Parameter, catch, current, retry, step, timeout


class TimeoutsFlow(FlowSpec):
    last = Parameter("last", default="finishes")

    @timeout(seconds=60)
    @step
    def start(self):
        self.next(self.retried)

    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=1)
    @step
    def retried(self):
        self.attempt = current.retry_count
        if current.retry_count == 0:
            threading.Event().wait()
        self.next(self.caught)

    @catch(var="problem", print_exception=False)
    @timeout(seconds=1)
    @step
    def caught(self):
        threading.Event().wait()
        self.next(self.end)

    @timeout(seconds=1)
    @step
    def end(self):
        self.text = str(self.problem.exception).splitlines()[0]
        if self.last == "hangs":
            threading.Event().wait()


if __name__ == "__main__":
    TimeoutsFlow()
