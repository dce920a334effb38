"""A step that raises an exception of a class of its own which cannot be pickled."""

import threading

from metaflow import FlowSpec, step


class Own(Exception):
    def __init__(self, message, extra):
        super().__init__(message)
        self.lock = threading.Lock()
        self.extra = extra


class FailExceptionClassFlow(FlowSpec):
    @step
    def start(self):
        try:
            {}["missing"]
        except KeyError as error:
            raise Own("own failure", extra=1) from error
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailExceptionClassFlow()
