"""@catch on a step that raises: the exception goes to an artifact and the flow goes on."""

from metaflow import FlowSpec, catch, step


class CatchRaiseFlow(FlowSpec):
    @catch(var="problem")
    @step
    def start(self):
        self.before = 1
        raise ValueError("caught")
        self.next(self.fine)

    @catch(var="no_problem")
    @step
    def fine(self):
        self.next(self.end)

    @catch(print_exception=False)
    @step
    def end(self):
        self.problem_type = self.problem.type
        self.problem_text = str(self.problem.exception)
        raise RuntimeError(self.problem_text)


if __name__ == "__main__":
    CatchRaiseFlow()
