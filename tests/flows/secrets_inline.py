"""@secrets from the inline provider, whose values must reach the step and no file."""

import os

from metaflow import FlowSpec, secrets, step


class SecretsInlineFlow(FlowSpec):
    @secrets(
        sources=[
            {"type": "inline", "id": "one", "options": {"env_vars": {"SECRET_WORD": "hush"}}},
        ]
    )
    @step
    def start(self):
        self.length = len(os.environ["SECRET_WORD"])
        self.next(self.end)

    @step
    def end(self):
        self.seen_later = "SECRET_WORD" in os.environ


if __name__ == "__main__":
    SecretsInlineFlow()
