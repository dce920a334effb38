import logging
import os
import sys
import time

from metaflow import FlowSpec, Parameter, step


class TalkativeFlow(FlowSpec):
    lines = Parameter("lines", default=3)
    width = Parameter("width", default=10)
    wait = Parameter("wait", default="")

    @step
    def start(self):
        print("first")
        if self.wait:
            open(self.wait + ".ready", "w").close()
            while not os.path.exists(self.wait + ".go"):
                time.sleep(0.05)
        for number in range(self.lines):
            print(f"line {number:06} ".ljust(self.width, "x"))
        if self.wait:
            open(self.wait + ".said", "w").close()
        logging.basicConfig()
        logging.error("an error")
        sys.stderr.write("a warning\n")
        print("last")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TalkativeFlow()
