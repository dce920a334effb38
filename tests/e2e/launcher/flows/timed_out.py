"""Steps that time out while a process which they have started runs for ever."""

import signal
import subprocess
import threading

from metaflow import FlowSpec, catch, current, retry, step, timeout


def tell(number):
    with open("here", "w") as file:
        file.write(str(number))


def hang(child):
    """Tell of a child before the timeout may strike, then wait for ever."""
    tell(child.pid)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    threading.Event().wait()


def start_child():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    command = ["tail", "-f", "/dev/null"]
    return subprocess.Popen(command, start_new_session=current.step_name == "caught")


class TimedOutFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=1)
    @step
    def start(self):
        if current.retry_count == 0:
            with start_child() as child:  # whose end waits for it
                hang(child)
        signal.alarm(0)
        tell(0)
        self.next(self.caught)

    @catch(var="problem", print_exception=False)
    @timeout(seconds=1)
    @step
    def caught(self):
        hang(start_child())
        self.next(self.end)

    @timeout(seconds=1)
    @step
    def end(self):
        print("caught:", str(self.problem.exception).splitlines()[0])
        hang(start_child())


if __name__ == "__main__":
    TimedOutFlow()
