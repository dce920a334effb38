#!/usr/bin/env python3
"""Windows line ends, a byte order mark, tabs and a shebang."""

from metaflow import FlowSpec, step


class LineEndsFlow(FlowSpec):
	@step
	def start(self):
		self.word = """two
lines"""
		self.next(self.end)

	@step
	def end(self):
		print(repr(self.word))


if __name__ == "__main__":
	LineEndsFlow()
