"""A flow whose steps write down what their process is like, then harm it in every way."""

import atexit
import ctypes
import gc
import json
import logging
import os
import random
import resource
import select
import signal
import stat
import sys
import threading
import uuid
import warnings

from metaflow import FlowSpec, catch, environment, step

DEEDS = ("exit", "os_exit", "segfault", "kill", "message", "memory", "state", "streams", "ends")
KEPT = None


def facts(flow, name):
    """Write down what this process is like."""
    main = sys.modules["__main__"]
    with open(f"{name}.json", "w") as file:
        json.dump(
            {
                "same": {
                    "argv": sys.argv,
                    "main": sorted(vars(main)),
                    "main values": [repr(vars(main)[f"__{n}__"]) for n in ("name", "file", "doc")],
                    "main spec": [repr(vars(main)[f"__{n}__"]) for n in ("package", "spec")],
                    "main loader": type(main.__loader__).__name__,
                    "main is ours": vars(main).get("facts") is facts,
                    "path": sys.path,
                    "folder": os.getcwd(),
                    "environment": dict(os.environ),
                    "stdin": [stat.S_IFMT(os.fstat(0).st_mode), select.select([0], [], [], 0)[0]],
                    "umask": umask(),
                    "signals": {n: str(signal.getsignal(n)) for n in signal.valid_signals()},
                    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
                    "files": open_files(),
                    "own group": os.getpgid(0) == os.getpid(),
                    "threads": [thread.name for thread in threading.enumerate()],
                    "in main thread": threading.current_thread() is threading.main_thread(),
                    "streams": [stream(n) for n in ("stdin", "stdout", "stderr")],
                    "originals": [sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
                    "stdin original": sys.stdin is sys.__stdin__,
                    "flags": str(sys.flags),
                    "executable": sys.executable,
                    "limits": [resource.getrlimit(n) for n in range(16)],
                    "recursion": sys.getrecursionlimit(),
                    "gc": [gc.isenabled(), gc.get_threshold()],
                    "logging": [str(logging.root.level), len(logging.root.handlers)],
                    "warnings": [str(entry[:3]) for entry in warnings.filters],
                },
                "own": {
                    "random": random.random(),
                    "urandom": os.urandom(8).hex(),
                    "uuid": uuid.uuid4().hex,
                    "numpy": numpy_random(),
                },
                "forked": any(name.startswith("metaflow_prefect_") for name in sys.modules),
                "parent": os.getppid(),
                "parent threads": len(os.listdir(f"/proc/{os.getppid()}/task")),
                "parent sockets": sockets(os.getppid()),
            },
            file,
        )


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def open_files():
    """What is open beyond the standard streams and the listing itself."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if int(name) > 2:
            found.append(target.split(":")[0] if ":" in target else target)
    return sorted(found)


def sockets(pid):
    """Which network connections a process holds, and how many sockets at all."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    network = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        if os.path.exists(f"/proc/net/{table}"):
            with open(f"/proc/net/{table}") as lines:
                network |= {line.split()[9] for line in list(lines)[1:]}
    return [len(inodes), len(inodes & network)]


def stream(name):
    one = getattr(sys, name)
    buffering = [one.line_buffering, one.write_through] if name != "stdin" else []
    kind = [type(one).__name__, one.encoding, one.errors, one.mode, str(one.name), one.fileno()]
    return [*kind, *buffering, one.newlines, one.isatty()]


def numpy_random():
    try:
        import numpy
    except ImportError:
        return random.random()
    return float(numpy.random.random())


def do(deed):
    """Do to this process what a step may do."""
    global KEPT
    if deed == "exit":
        sys.exit(3)
    if deed == "os_exit":
        os._exit(4)
    if deed == "message":
        sys.exit("no more of this")
    if deed == "segfault":
        ctypes.string_at(0)
    if deed == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "memory":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        bytearray(1 << 31)
    if deed == "state":
        os.umask(0o077)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        os.environ["LEAKED"] = "yes"
        sys.path.append("leaked")
        sys.setrecursionlimit(5000)
        gc.disable()
        KEPT = threading.Lock()
        KEPT.acquire()
        threading.Thread(target=KEPT.acquire, args=(True,), daemon=True).start()
        for _ in range(20):
            os.dup(1)
            os.pipe()
        os.chdir("/")
    if deed == "streams":
        os.close(0)
        sys.stdout.close()
        sys.stderr.close()
    if deed == "ends":
        atexit.register(lambda: open("at-exit", "w").close())
        threading.Thread(target=after_main).start()


def after_main():
    threading.main_thread().join()
    with open("after-main", "w"):
        pass


class SeenFlow(FlowSpec):
    @step
    def start(self):
        facts(self, "start")
        self.sides = ["left", "right"]
        self.next(self.both, foreach="sides")

    @step
    def both(self):
        """Look while the other one is there, so that what leaks is seen."""
        there, back = ("r", "w") if self.input == "left" else ("w", "r")
        open("meet-1", there).close()
        facts(self, self.input)
        open("meet-2", back).close()
        self.next(self.met)

    @step
    def met(self, inputs):
        self.next(self.choose)

    @step
    def choose(self):
        self.deeds = DEEDS
        self.next(self.harm, foreach="deeds")

    @catch(var="failure", print_exception=False)
    @step
    def harm(self):
        do(self.input)
        self.next(self.after)

    @environment(vars={"METAFLOW_SEEN": "1"})
    @step
    def after(self, inputs):
        facts(self, "after")
        with open("failures.json", "w") as file:
            json.dump({d: str(i.failure) for d, i in zip(DEEDS, inputs, strict=True)}, file)
        self.next(self.end)

    @step
    def end(self):
        facts(self, "end")


if __name__ == "__main__":
    SeenFlow()
