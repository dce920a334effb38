"""A step leaves a process behind, which the last step ends."""

import os
import signal
import subprocess

from metaflow import FlowSpec, Parameter, step


class LeavesDaemonFlow(FlowSpec):
    # natively the step ends only when nobody holds its streams any more
    holds = Parameter("holds", default=False, type=bool, help="whether it holds the streams")

    @step
    def start(self):
        streams = None if self.holds else subprocess.DEVNULL
        command = ["tail", "-f", "/dev/null"]
        daemon = subprocess.Popen(command, stdout=streams, stderr=streams, start_new_session=True)
        with open("daemon", "w") as file:
            file.write(str(daemon.pid))
        print("it runs", flush=True)
        self.next(self.end)

    @step
    def end(self):
        with open("daemon") as file:
            os.kill(int(file.read()), signal.SIGTERM)  # it is still there
        print("it has been ended")


if __name__ == "__main__":
    LeavesDaemonFlow()
