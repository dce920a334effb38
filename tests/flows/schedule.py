"""Flow decorators that only schedulers act on: @schedule and @trigger."""

from metaflow import FlowSpec, schedule, step, trigger


@schedule(cron="0 10 * * ? *", timezone="Europe/Prague")
@trigger(event="data_arrived")
class ScheduleFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ScheduleFlow()
