"""A step whose process ends in a way chosen by a parameter: exits, signals, threads left running."""

import os
import signal
import sys
import threading

from metaflow import FlowSpec, Parameter, step


class FailProcessFlow(FlowSpec):
    how = Parameter("how", default="exit 3")

    @step
    def start(self):
        self.before = 1
        print("ending by", self.how)
        sys.stdout.flush()
        if self.how.startswith("exit "):
            sys.exit(int(self.how.split()[1]))
        elif self.how == "exit text":
            sys.exit("goodbye")
        elif self.how.startswith("os exit "):
            os._exit(int(self.how.split()[2]))
        elif self.how.startswith("signal "):
            os.kill(os.getpid(), getattr(signal, self.how.split()[1]))
            signal.pause()
        elif self.how == "interrupt":
            raise KeyboardInterrupt
        elif self.how == "daemon":
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        self.next(self.end)

    @step
    def end(self):
        print("reached the end")


if __name__ == "__main__":
    FailProcessFlow()
