from metaflow import FlowSpec, Parameter, current, retry, step


class ManyArtifactsFlow(FlowSpec):
    """A foreach whose tasks keep many small artifacts, one of them at its second attempt."""

    splits = Parameter("splits", default=2)
    each = Parameter("each", default=3)

    @step
    def start(self):
        self.items = list(range(self.splits))
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        for number in range(self.each):
            setattr(self, f"small_{number}", (self.input, number))
        if self.input == 0 and current.retry_count == 0:
            raise ValueError("once")
        print("kept", self.each)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(getattr(i, f"small_{n}")[1] for i in inputs for n in range(self.each))
        self.next(self.end)

    @step
    def end(self):
        print(self.total)


if __name__ == "__main__":
    ManyArtifactsFlow()
