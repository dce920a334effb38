"""Two tasks that would run at the same time, if they did not both want the same thing."""

import time

from metaflow import FlowSpec, resources, step


class LimitedFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.train, foreach="items")

    @resources(gpu=1, memory=16000, cpu=1)
    @step
    def train(self):
        self.began = time.time()
        time.sleep(0.7)  # long enough to overlap
        self.ended = time.time()
        self.next(self.join)

    @step
    def join(self, inputs):
        first, second = sorted(inputs, key=lambda task: task.began)
        self.overlap = first.ended > second.began
        print("overlap:", self.overlap)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LimitedFlow()
