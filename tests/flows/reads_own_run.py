"""A step that reads its own run through the client while it runs, and changes its tags."""

from metaflow import FlowSpec, Run, current, step


class ReadsOwnRunFlow(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.look)

    @step
    def look(self):
        run = Run(f"{current.flow_name}/{current.run_id}")
        self.steps = sorted(s.id for s in run)
        self.read = run["start"].task["x"].data
        run.add_tag("added by look")
        self.next(self.end)

    @step
    def end(self):
        self.tags_seen = sorted(current.run.user_tags)


if __name__ == "__main__":
    ReadsOwnRunFlow()
