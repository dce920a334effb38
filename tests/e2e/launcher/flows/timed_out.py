"""Steps that time out while a process which they have started runs for ever."""

import signal
import subprocess
import threading

from metaflow import FlowSpec, catch, current, retry, step, timeout


def tell(number):
    with open("here", "w") as file:
        file.write(str(number))


def hang(child):
    """Tell of a child, then wait for ever while the time is almost up."""
    tell(child.pid)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    threading.Event().wait()


def start_child():
    command = ["tail", "-f", "/dev/null"]
    return subprocess.Popen(command, start_new_session=current.step_name == "caught")


class TimedOutFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @timeout(minutes=9)
    @step
    def start(self):
        if current.retry_count == 0:
            with start_child() as child:  # whose end waits for it
                hang(child)
        tell(0)
        self.next(self.caught)

    @catch(var="problem", print_exception=False)
    @timeout(minutes=9)
    @step
    def caught(self):
        hang(start_child())
        self.next(self.end)

    @timeout(minutes=9)
    @step
    def end(self):
        print("caught:", str(self.problem.exception).splitlines()[0])
        hang(start_child())


if __name__ == "__main__":
    TimedOutFlow()
