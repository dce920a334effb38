"""What a step does to its process does not reach other steps: environment, folder, modules."""

import os
import sys

from metaflow import FlowSpec, step

count = 0


class EnvironmentLeakFlow(FlowSpec):
    def touch(self):
        global count
        count += 1
        before = {
            "count": count,
            "variable": os.environ.get("LEAK"),
            "folder": os.getcwd() == os.path.dirname(os.path.abspath(__file__)),
            "path": "leak" in sys.path,
            "module": "leaked_module" in sys.modules,
            "recursion": sys.getrecursionlimit() == 1234,
            "mask": oct(os.umask(0o077)),
        }
        os.environ["LEAK"] = "leaked"
        os.chdir("/")
        sys.path.append("leak")
        sys.modules["leaked_module"] = sys
        sys.setrecursionlimit(1234)
        return before

    @step
    def start(self):
        self.items = [0, 1]
        folder = os.getcwd()
        self.first = self.touch()
        os.chdir(folder)
        self.next(self.body, foreach="items")

    @step
    def body(self):
        folder = os.getcwd()
        self.second = self.touch()
        os.chdir(folder)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all_second = [i.second for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.all_second)


if __name__ == "__main__":
    EnvironmentLeakFlow()
