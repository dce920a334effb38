"""IncludeFile: text with a default, binary, and one that is not given."""

from metaflow import FlowSpec, IncludeFile, step


class IncludeFileFlow(FlowSpec):
    text = IncludeFile("text", default="include_me.txt", help="Some text.")
    binary = IncludeFile("binary", is_text=False, default="include_me.bin")
    absent = IncludeFile("absent-file", required=False)

    @step
    def start(self):
        self.lines = self.text.splitlines()
        self.size = len(self.binary)
        self.missing = self.absent is None
        self.next(self.end)

    @step
    def end(self):
        print(self.lines, self.size, self.missing)


if __name__ == "__main__":
    IncludeFileFlow()
