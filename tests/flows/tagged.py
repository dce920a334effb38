"""What current tells a step about its run, stored as artifacts."""

from metaflow import FlowSpec, Parameter, current, get_namespace, step


class TaggedFlow(FlowSpec):
    size = Parameter("size", default=2)

    def look(self):
        return {
            "flow_name": current.flow_name,
            "step_name": current.step_name,
            "retry_count": current.retry_count,
            "origin_run_id": current.origin_run_id,
            "namespace": current.namespace,
            "client_namespace": get_namespace(),
            "username": current.username,
            "tags": sorted(current.tags),
            "run_tags": sorted(current.run.user_tags),
            "parameter_names": sorted(current.parameter_names),
            "is_running_flow": current.is_running_flow,
            "is_parallel": current.get("is_parallel", False),
            "project_name": current.get("project_name"),
            "ids": [type(current.run_id).__name__, type(current.task_id).__name__],
            "pathspec": current.pathspec.split("/")[0::2],
            "graph_steps": sorted(current.graph["steps"]),
            "has_card": "card" in current,
            "trigger": current.get("trigger"),
        }

    @step
    def start(self):
        self.start_look = self.look()
        self.items = list(range(self.size))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.body_look = self.look()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.looks = [i.body_look for i in inputs]
        self.join_look = self.look()
        self.next(self.end)

    @step
    def end(self):
        self.end_look = self.look()
        print(self.end_look)


if __name__ == "__main__":
    TaggedFlow()
