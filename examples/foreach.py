"""The same step for every item of a list, all at the same time.

Run it with Metaflow alone:  python foreach.py run
Run it through Prefect:      python foreach.py prefect run
"""

from metaflow import FlowSpec, step


class ForeachFlow(FlowSpec):
    """Find out how many days each month of 2024 had, one task a month."""

    @step
    def start(self):
        """`foreach` names the list; the list may be made while the flow runs."""
        self.months = list(range(1, 13))
        self.next(self.count_days, foreach="months")

    @step
    def count_days(self):
        """There are twelve tasks of this step; in each, `self.input` is its item of the list."""
        # Imported here because only this step needs it.
        from calendar import month_name, monthrange  # noqa: PLC0415

        self.month = month_name[self.input]
        self.days = monthrange(2024, self.input)[1]
        print(f"{self.month} has {self.days} days")
        self.next(self.join)

    @step
    def join(self, inputs):
        """`inputs` holds the tasks of the foreach, in the order of the list."""
        self.days = {task.month: task.days for task in inputs}
        self.next(self.end)

    @step
    def end(self):
        """Print the sum."""
        print(f"the year 2024 had {sum(self.days.values())} days")


if __name__ == "__main__":
    ForeachFlow()
