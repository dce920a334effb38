"""Retries in some splits of a foreach, in a join, and in a switch."""

from metaflow import FlowSpec, current, retry, step


class RetryInForeachFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        self.items = [0, 1]
        if current.retry_count == 0:
            self.items = [0, 1, 2]  # the failed attempt's number of splits must not count
            self.leftover = True
            raise RuntimeError("start")
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        self.attempt = current.retry_count
        if self.input == 1 and current.retry_count == 0:
            raise RuntimeError("body")
        self.next(self.join)

    @retry(times=1, minutes_between_retries=0)
    @step
    def join(self, inputs):
        self.attempts = [i.attempt for i in inputs]
        if current.retry_count == 0:
            raise RuntimeError("join")
        self.next(self.choose)

    @retry(times=1, minutes_between_retries=0)
    @step
    def choose(self):
        self.way = ["left", "right"][current.retry_count]
        if current.retry_count == 0:
            raise RuntimeError("choose")
        self.next({"left": self.left, "right": self.right}, condition="way")

    @step
    def left(self):
        self.next(self.end)

    @step
    def right(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.attempts, self.way)


if __name__ == "__main__":
    RetryInForeachFlow()
