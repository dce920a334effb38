"""A step that fails on its first attempt only, each attempt leaving its own trace."""

import sys

from metaflow import FlowSpec, current, retry, step


class RetryOnceFlow(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.attempt = current.retry_count
        setattr(self, f"attempt_{current.retry_count}", True)
        print("attempt", current.retry_count)
        print("attempt", current.retry_count, file=sys.stderr)
        if current.retry_count == 0:
            raise RuntimeError("first attempt")
        self.next(self.end)

    @retry(times=0)
    @step
    def end(self):
        self.last = current.retry_count


if __name__ == "__main__":
    RetryOnceFlow()
