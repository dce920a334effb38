"""@catch with @retry: all attempts fail, then the exception is caught."""

from metaflow import FlowSpec, catch, current, retry, step


class CatchRetryFlow(FlowSpec):
    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        self.attempt = current.retry_count
        raise ValueError(f"attempt {current.retry_count}")
        self.next(self.end)

    @step
    def end(self):
        self.text = str(self.problem.exception)
        print(self.text, self.attempt)


if __name__ == "__main__":
    CatchRetryFlow()
