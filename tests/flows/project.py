"""@project, with what it adds to current, by branch and production."""

from metaflow import FlowSpec, current, project, step


@project(name="some_project")
class ProjectFlow(FlowSpec):
    @step
    def start(self):
        names = "project_name branch_name is_user_branch is_production project_flow_name".split()
        self.got = {name: getattr(current, name) for name in names}
        self.next(self.end)

    @step
    def end(self):
        print(self.got)


if __name__ == "__main__":
    ProjectFlow()
