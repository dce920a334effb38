"""What a step's own process looks like: name, file, arguments, streams, threads."""

import inspect
import multiprocessing
import os
import random
import sys
import threading

from metaflow import FlowSpec, step


def double(number):
    return number * 2


class ProcessFactsFlow(FlowSpec):
    @step
    def start(self):
        self.name = __name__
        self.file = os.path.basename(__file__)
        self.main_file = os.path.basename(sys.modules["__main__"].__file__)
        self.argv = [os.path.basename(sys.argv[0]), sys.argv[sys.argv.index("step") :][:2]]
        self.path0 = sys.path[0] == os.path.dirname(os.path.abspath(__file__))
        self.class_module = type(self).__module__
        self.source = inspect.getsource(double)
        self.main_thread = threading.current_thread() is threading.main_thread()
        self.threads = threading.active_count()
        self.buffered = os.environ.get("PYTHONUNBUFFERED")
        self.runtime = os.environ.get("METAFLOW_RUNTIME_NAME")
        self.run_id_matches = bool(os.environ.get("METAFLOW_RUN_ID"))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            self.spawned = pool.map(double, [1, 2])
        with multiprocessing.get_context("fork").Pool(1) as pool:
            self.forked = pool.map(double, [3])
        os.write(1, b"straight to descriptor 1\n")
        os.system("echo from a child process; echo and to stderr >&2")
        self.next(self.draw)

    @step
    def draw(self):
        self.items = list(range(2))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        # forked processes must not share one state of the random number generator
        with open(f"drawn-{self.index}", "w") as file:
            file.write(str(random.random()))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.distinct = len({open(f"drawn-{i.index}").read() for i in inputs})
        self.next(self.end)

    @step
    def end(self):
        print(self.distinct)


if __name__ == "__main__":
    ProcessFactsFlow()
