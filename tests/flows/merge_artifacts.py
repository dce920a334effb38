"""Joins with merge_artifacts: plain, with exclude, and with include."""

from metaflow import FlowSpec, step


class MergeArtifactsFlow(FlowSpec):
    @step
    def start(self):
        self.common = {"same": True}
        self.dropped = "dropped"
        self.next(self.a, self.b)

    @step
    def a(self):
        self.only_a = 1
        self.differs = "a"
        self.next(self.join_exclude)

    @step
    def b(self):
        self.only_b = 2
        self.differs = "b"
        self.next(self.join_exclude)

    @step
    def join_exclude(self, inputs):
        self.differs = "+".join(sorted(i.differs for i in inputs))
        self.merge_artifacts(inputs, exclude=["dropped"])
        self.next(self.between)

    @step
    def between(self):
        self.next(self.c, self.d)

    @step
    def c(self):
        self.extra = "c"
        self.next(self.join_include)

    @step
    def d(self):
        self.next(self.join_include)

    @step
    def join_include(self, inputs):
        self.merge_artifacts(inputs, include=["common", "extra"])
        self.next(self.end)

    @step
    def end(self):
        print(sorted(k for k in ("common", "extra", "only_a") if hasattr(self, k)))


if __name__ == "__main__":
    MergeArtifactsFlow()
