"""Things that only work if the flow file is the real __main__ module."""

import pickle
import sys
from dataclasses import dataclass
from typing import NamedTuple, get_type_hints

from metaflow import FlowSpec, step


class Row(NamedTuple):
    key: str
    value: "Value"


@dataclass
class Value:
    number: int


class DataclassMainFlow(FlowSpec):
    @step
    def start(self):
        self.row = Row("k", Value(1))
        self.module = Row.__module__
        self.hints = sorted(get_type_hints(Row))
        self.copied = pickle.loads(pickle.dumps(self.row))
        self.is_main = sys.modules["__main__"].Row is Row
        self.next(self.end)

    @step
    def end(self):
        print(self.row, self.copied == self.row, self.is_main)


if __name__ == "__main__":
    DataclassMainFlow()
