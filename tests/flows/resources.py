"""@resources, which the local run takes no notice of."""

from metaflow import FlowSpec, resources, step


class ResourcesFlow(FlowSpec):
    @resources(cpu=2, memory=4096, gpu=0)
    @step
    def start(self):
        self.x = 1
        self.next(self.end)

    @resources
    @step
    def end(self):
        print(self.x)


if __name__ == "__main__":
    ResourcesFlow()
