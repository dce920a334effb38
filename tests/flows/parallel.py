"""A step that runs on two nodes at once with @parallel."""

from metaflow import FlowSpec, current, parallel, step


class ParallelFlow(FlowSpec):
    @step
    def start(self):
        self.base = 5
        self.next(self.nodes, num_parallel=2)

    @parallel
    @step
    def nodes(self):
        self.node = current.parallel.node_index
        self.of = current.parallel.num_nodes
        self.value = self.base * (self.node + 1)
        print("node", self.node)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [(i.node, i.of, i.value) for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.values)


if __name__ == "__main__":
    ParallelFlow()
