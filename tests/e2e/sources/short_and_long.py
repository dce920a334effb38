import time

from metaflow import FlowSpec, catch, current, resources, retry, step


class ShortAndLongFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.long, self.retried, self.caught, self.tagged)

    @step
    def long(self):
        time.sleep(8)
        self.next(self.join)

    @retry(times=1, minutes_between_retries=0)
    @step
    def retried(self):
        if current.retry_count == 0:
            raise ValueError("not yet")
        self.next(self.join)

    @catch(var="problem")
    @step
    def caught(self):
        raise ValueError("never")
        self.next(self.join)

    @resources(cpu=1)
    @step
    def tagged(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        raise ValueError("the end fails")


if __name__ == "__main__":
    ShortAndLongFlow()
