"""Train several models, compare them by cross-validation, keep the best.

It looks like a real training pipeline, but it needs nothing except Metaflow: the models are written
out below, and the data lies beside this file in data/iris.csv.

Run it with Metaflow alone:  python model_comparison.py run
Run it through Prefect:      python model_comparison.py prefect run
"""

import csv
import math
import random
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean, pstdev

from metaflow import FlowSpec, Parameter, step

DATA = Path(__file__).with_name("data") / "iris.csv"


class MostCommon:
    """Always answers with the most common label: what any real model has to beat."""

    def fit(self, _rows, labels):
        """Remember the most common of `labels`."""
        self.label = Counter(labels).most_common(1)[0][0]
        return self

    def predict(self, _row):
        """Answer with it."""
        return self.label


class NearestCentroid:
    """Answers with the label whose average row is the closest."""

    def fit(self, rows, labels):
        """Average the rows of each label."""
        groups = group_by_label(rows, labels)
        self.centroids = {
            label: [fmean(column) for column in zip(*group, strict=True)]
            for label, group in groups.items()
        }
        return self

    def predict(self, row):
        """Answer with the label of the closest average."""
        return min(self.centroids, key=lambda label: math.dist(row, self.centroids[label]))


class NearestNeighbours:
    """Asks the five closest rows of the training data and answers with what most of them say."""

    neighbours = 5

    def fit(self, rows, labels):
        """Remember all the data."""
        self.known = list(zip(rows, labels, strict=True))
        return self

    def predict(self, row):
        """Let the closest rows vote."""
        closest = sorted(self.known, key=lambda known: math.dist(row, known[0]))
        votes = Counter(label for _, label in closest[: self.neighbours])
        return votes.most_common(1)[0][0]


class NaiveBayes:
    """Takes every column for normally distributed and answers with the most likely label."""

    def fit(self, rows, labels):
        """Find the mean and the spread of each column, for each label."""
        groups = group_by_label(rows, labels)
        self.shapes = {
            label: [(fmean(column), pstdev(column) + 1e-6) for column in zip(*group, strict=True)]
            for label, group in groups.items()
        }
        self.shares = {label: len(group) / len(rows) for label, group in groups.items()}
        return self

    def predict(self, row):
        """Answer with the label under which `row` is the most likely."""
        return max(self.shapes, key=lambda label: self.log_likelihood(row, label))

    def log_likelihood(self, row, label):
        """How likely `row` is under `label`, as a logarithm, up to a constant."""
        return math.log(self.shares[label]) - sum(
            math.log(spread) + ((value - mean) / spread) ** 2 / 2
            for value, (mean, spread) in zip(row, self.shapes[label], strict=True)
        )


MODELS = {
    "most common": MostCommon,
    "nearest centroid": NearestCentroid,
    "nearest neighbours": NearestNeighbours,
    "naive Bayes": NaiveBayes,
}


def group_by_label(rows, labels):
    """Sort `rows` into one list for each label."""
    groups = defaultdict(list)
    for row, label in zip(rows, labels, strict=True):
        groups[label].append(row)
    return groups


def accuracy(model, rows, labels):
    """The share of `rows` for which `model` finds the label."""
    return fmean(model.predict(row) == label for row, label in zip(rows, labels, strict=True))


class ModelComparisonFlow(FlowSpec):
    """Compare classifiers on Fisher's iris flowers by k-fold cross-validation."""

    folds = Parameter("folds", help="Into how many parts to split the data.", type=int, default=3)
    seed = Parameter("seed", help="Starts the random numbers that shuffle.", type=int, default=1)

    @step
    def start(self):
        """Read the data and shuffle it; every later step sees the same order."""
        with DATA.open(newline="") as file:
            header, *lines = csv.reader(file)
        random.Random(self.seed).shuffle(lines)
        self.columns = header[:-1]
        self.rows = [[float(value) for value in line[:-1]] for line in lines]
        self.labels = [line[-1] for line in lines]
        self.models = list(MODELS)
        print(f"read {len(self.rows)} rows with the columns {', '.join(self.columns)}")
        self.next(self.choose_model, foreach="models")

    @step
    def choose_model(self):
        """One task for each model, which splits into one task for each fold."""
        self.model = self.input
        self.fold_numbers = list(range(self.folds))
        self.next(self.train, foreach="fold_numbers")

    @step
    def train(self):
        """Train on all rows but those of one fold, and test on that fold."""
        fold = self.input
        training = [index for index in range(len(self.rows)) if index % self.folds != fold]
        testing = [index for index in range(len(self.rows)) if index % self.folds == fold]
        model = MODELS[self.model]().fit(
            [self.rows[index] for index in training], [self.labels[index] for index in training]
        )
        self.accuracy = accuracy(
            model,
            [self.rows[index] for index in testing],
            [self.labels[index] for index in testing],
        )
        print(f"{self.model}, fold {fold}: {self.accuracy:.1%}")
        self.next(self.join_folds)

    @step
    def join_folds(self, inputs):
        """Average over the folds of one model."""
        # Taken over as they are, because they are the same in every fold.
        self.merge_artifacts(inputs, include=["model", "rows", "labels"])
        self.accuracies = [task.accuracy for task in inputs]
        self.score = fmean(self.accuracies)
        self.next(self.choose_best)

    @step
    def choose_best(self, inputs):
        """Bring the models together and choose the one that was right most often."""
        self.scores = {task.model: task.score for task in inputs}
        self.spreads = {task.model: pstdev(task.accuracies) for task in inputs}
        self.best = max(self.scores, key=self.scores.__getitem__)
        self.merge_artifacts(inputs, include=["rows", "labels"])
        self.next(self.report)

    @step
    def report(self):
        """Put the results into a small table."""
        ranked = sorted(self.scores, key=self.scores.__getitem__, reverse=True)
        self.table = "\n".join(
            f"{name:<20} {self.scores[name]:>6.1%}  ±{self.spreads[name]:.1%}" for name in ranked
        )
        self.next(self.end)

    @step
    def end(self):
        """Train the best model once more, on all rows, and print the results."""
        # Its numbers are kept, not the object: a class of this file is unknown to other programs.
        self.trained = vars(MODELS[self.best]().fit(self.rows, self.labels))
        print(f"accuracy over {self.folds} folds")
        print(self.table)
        print(f"best: {self.best}")


if __name__ == "__main__":
    ModelComparisonFlow()
