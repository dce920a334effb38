"""Steps with @pypi, with @conda, and without."""

import sys

from metaflow import FlowSpec, conda, current, pypi, retry, step


class PackagedFlow(FlowSpec):
    @step
    def start(self):
        self.seen = [self.place()]
        self.next(self.with_pypi)

    @pypi(packages={"greeting": "1.0"})
    @step
    def with_pypi(self):
        from greeting import VERSION

        self.seen = [*self.seen, VERSION, self.place()]
        self.next(self.with_conda)

    @retry(times=1, minutes_between_retries=0)
    @conda(packages={"farewell": "2.0"})
    @step
    def with_conda(self):
        from farewell import VERSION

        self.seen = [*self.seen, VERSION, self.place()]
        if current.retry_count == 0:
            raise RuntimeError("first attempt")
        self.next(self.without)

    @conda(disabled=True)
    @step
    def without(self):
        self.seen = [*self.seen, self.place()]
        self.next(self.end)

    @step
    def end(self):
        try:
            import greeting
        except ImportError:
            print(*self.seen)

    def place(self):
        """Which environment it is: its platform and its id, if it is one of micromamba's."""
        return sys.prefix.rpartition("/metaflow/")[2] if "/metaflow/" in sys.prefix else None


if __name__ == "__main__":
    PackagedFlow()
