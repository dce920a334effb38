"""Step decorators made by the user: one that wraps, one with arguments, one that skips, one that catches."""

from metaflow import USER_SKIP_STEP, FlowSpec, UserStepDecorator, step, user_step_decorator


@user_step_decorator
def traced(step_name, flow, inputs=None):
    print("before", step_name)
    yield
    flow.trace = [*getattr(flow, "trace", []), step_name]
    print("after", step_name)


@user_step_decorator
def labelled(step_name, flow, inputs=None, attributes=None):
    yield
    flow.label = attributes["label"]


@user_step_decorator
def skipped(step_name, flow, inputs=None):
    flow.skipped_step = step_name
    yield USER_SKIP_STEP


@user_step_decorator
def forgiving(step_name, flow, inputs=None):
    try:
        yield
    except ValueError as error:
        flow.forgiven = str(error)


class Counted(UserStepDecorator):
    def init(self, *args, **kwargs):
        self.by = kwargs.get("by", 1)

    def pre_step(self, step_name, flow, inputs=None):
        flow.counted = getattr(flow, "counted", 0) + self.by

    def post_step(self, step_name, flow, exception=None):
        return exception


class UserDecoratorFlow(FlowSpec):
    @traced
    @labelled(label="first")
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @traced
    @Counted(by=5)
    @step
    def body(self):
        self.next(self.join)

    @traced
    @step
    def join(self, inputs):
        self.counts = [i.counted for i in inputs]
        self.next(self.never)

    @skipped
    @step
    def never(self):
        self.ran = True
        self.next(self.fails)

    @forgiving
    @step
    def fails(self):
        raise ValueError("forgive me")
        self.next(self.end)

    @traced
    @step
    def end(self):
        print(self.skipped_step, self.forgiven, self.counts, hasattr(self, "ran"))


if __name__ == "__main__":
    UserDecoratorFlow()
