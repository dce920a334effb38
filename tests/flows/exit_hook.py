"""@exit_hook: functions called when the run has succeeded or failed."""

from metaflow import FlowSpec, Parameter, exit_hook, step


def on_success():
    with open("hook.txt", "a") as file:
        file.write("success\n")
    print("hook: success")


def on_success_with_run(run):
    with open("hook.txt", "a") as file:
        file.write(f"success of {run.path_components[0]} {run.successful} {run.finished}\n")


def on_error(run=None):
    with open("hook.txt", "a") as file:
        file.write(f"error of {run.path_components[0]} {run.successful} {run.finished}\n")


def hook_fails():
    raise RuntimeError("a hook's failure fails nothing")


@exit_hook(on_success=[on_success, hook_fails, on_success_with_run], on_error=[on_error])
class ExitHookFlow(FlowSpec):
    fail = Parameter("fail", default=False)

    @step
    def start(self):
        if self.fail:
            raise RuntimeError("as wanted")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ExitHookFlow()
