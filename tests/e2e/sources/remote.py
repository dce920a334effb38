"""Many artifacts, then steps that run as a job elsewhere, and where it fails, a fallback here."""

from metaflow import FlowSpec, Parameter, batch, catch, environment, kubernetes, resources
from metaflow import retry, step


class RemoteFlow(FlowSpec):
    text = Parameter("text", default="with a blank, a 'quote' and a $sign")

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        for number in range(50):
            setattr(self, f"small_{number}", (self.input, number))
        self.next(self.join)

    @resources(cpu=2, memory=5000)
    @environment(vars={"GREETING": "it's me"})
    @kubernetes(
        image="registry.example/image:1",
        disk=2048,
        secrets=["a-secret"],
        node_selector={"kind": "large"},
        labels={"team": "red"},
        tolerations=[{"key": "spot", "operator": "Exists"}],
    )
    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def join(self, inputs):
        self.next(self.end)

    @batch(cpu=4, memory=600, queue="a-queue", image="image:2", aws_batch_tags={"team": "red"})
    @catch(var="other_problem", print_exception=False)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    RemoteFlow()
