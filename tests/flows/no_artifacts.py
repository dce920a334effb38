"""Two steps that store and print nothing."""

from metaflow import FlowSpec, step


class NoArtifactsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NoArtifactsFlow()
