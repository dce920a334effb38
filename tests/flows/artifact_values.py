"""Artifacts of many types: numbers, text, bytes, sets, classes of the flow file, big and deleted ones."""

import collections
import dataclasses
import datetime
import decimal
import enum

from metaflow import FlowSpec, step


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: int


Pair = collections.namedtuple("Pair", "left right")


class ArtifactValuesFlow(FlowSpec):
    @step
    def start(self):
        self.none = None
        self.nothing = ""
        self.big = 2**80
        self.not_a_number = float("nan")
        self.infinite = float("inf")
        self.binary = bytes(range(256))
        self.text = "line\r\nsecond \u2028 \U0001f40d"
        self.color = Color.RED
        self.point = Point(1, 2)
        self.pair = Pair("l", "r")
        self.when = datetime.datetime(2020, 2, 29, tzinfo=datetime.timezone.utc)
        self.exact = decimal.Decimal("0.1")
        self.table = {(1, 2): [Point(3, 4)], None: {"deep": ({},)}}
        self.large = "x" * 300_000
        self.temporary = "gone in the next step"
        self.shared = self.also_shared = ["same object"]
        self.next(self.end)

    @step
    def end(self):
        len(self.temporary)  # an artifact of an earlier step can be deleted once it is loaded
        del self.temporary
        self.point = Point(self.point.x, 99)
        self.kinds = [type(self.color).__name__, type(self.pair).__name__]
        print(self.point, self.pair, self.color)


if __name__ == "__main__":
    ArtifactValuesFlow()
