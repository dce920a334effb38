import subprocess
import sys

from metaflow import FlowSpec, step

if "run" in sys.argv:  # not in its steps
    child = subprocess.Popen(["sleep", "600"])
    with open("child.txt", "w") as file:
        file.write(str(child.pid))


class HoldsOutputFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    HoldsOutputFlow()
