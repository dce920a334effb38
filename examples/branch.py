"""Two branches that run at the same time, and a join that brings them together.

Run it with Metaflow alone:  python branch.py run
Run it through Prefect:      python branch.py prefect run
"""

from metaflow import FlowSpec, step

TEXT = "the quick brown fox jumps over the lazy dog"


class BranchFlow(FlowSpec):
    """Count the words and the letters of a sentence, each in a branch of its own."""

    @step
    def start(self):
        """Give `next` several steps, and each of them becomes a branch."""
        self.text = TEXT
        self.next(self.count_words, self.count_letters)

    @step
    def count_words(self):
        """This branch sees `self.text`, but nothing that the other branch does."""
        self.words = len(self.text.split())
        self.next(self.join)

    @step
    def count_letters(self):
        """This branch runs at the same time as `count_words`."""
        self.letters = sum(character.isalpha() for character in self.text)
        self.next(self.join)

    @step
    def join(self, inputs):
        """A join has one more argument: `inputs` holds the branches, by the name of their step."""
        self.words = inputs.count_words.words
        self.letters = inputs.count_letters.letters
        # Takes over everything else on which the branches agree: here, `text`.
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        """Print what the branches found."""
        print(f"{self.text!r} has {self.words} words and {self.letters} letters")


if __name__ == "__main__":
    BranchFlow()
