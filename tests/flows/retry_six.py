"""More retries than Metaflow allows attempts: checked before the run begins."""

from metaflow import FlowSpec, current, retry, step


class RetrySixFlow(FlowSpec):
    @retry(times=6, minutes_between_retries=0)
    @step
    def start(self):
        self.attempt = current.retry_count
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RetrySixFlow()
