# -*- coding: utf-8 -*-
"""Non-ASCII source: names, text, a docstring and a parameter — žluťoučký kůň 🐍."""

from metaflow import FlowSpec, Parameter, step


class NonAsciiFlow(FlowSpec):
    """Tok dat: česky, 日本語, emoji 🎉 and 'quotes' \"\"\"triple\"\"\"."""

    größe = Parameter("größe", default=3, help="Wie groß? 100 % — {braces} %(percent)s")

    @step
    def start(self):
        """Začátek — „uvozovky“."""
        self.naïve = {"klíč": "hodnota"}
        print("výstup 日本語")
        self.next(self.end)

    @step
    def end(self):
        print(self.naïve, self.größe)


if __name__ == "__main__":
    NonAsciiFlow()
