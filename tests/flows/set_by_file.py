"""Sets what Metaflow and other libraries read when they are imported."""

import os

os.environ["METAFLOW_DECOSPECS"] = "retry:times=1,minutes_between_retries=0"

import time
from tempfile import gettempdir

from metaflow import FlowSpec, current, environment, step


class SetByFileFlow(FlowSpec):
    """Its steps are retried, because Metaflow's own configuration says so."""

    @step
    def start(self):
        """Fail once."""
        if not current.retry_count:
            raise RuntimeError("the first attempt fails")
        self.attempt = current.retry_count
        self.next(self.batch)

    @environment(vars={"TZ": "Asia/Tokyo", "TMPDIR": "/"})
    @step
    def batch(self):
        """Have another time zone and another temporary folder; write and do not close."""
        global LEFT_OPEN
        self.zone, self.folder = time.tzname, gettempdir()
        LEFT_OPEN = open("left_open.txt", "w")
        LEFT_OPEN.write("written all the same")
        self.next(self.end)

    @environment(vars={"LC_ALL": "C"})
    @step
    def end(self):
        """Have another locale."""
        print(self.zone, self.folder)


if __name__ == "__main__":
    SetByFileFlow()
