"""Much output on both streams, bytes that are not UTF-8, carriage returns, long lines, colours."""

import sys

from metaflow import FlowSpec, step


class BigOutputFlow(FlowSpec):
    @step
    def start(self):
        for number in range(2000):
            print("line", number)
        print("x" * 20_000)
        print("\x1b[31mred\x1b[0m", "tab\there", "back\rover", file=sys.stderr)
        sys.stdout.flush()
        sys.stdout.buffer.write(b"not utf-8: \xff\xfe\n")
        sys.stdout.buffer.flush()
        self.next(self.end)

    @step
    def end(self):
        print("[MFLOG|0|looks|like|metaflow] its own log line")


if __name__ == "__main__":
    BigOutputFlow()
