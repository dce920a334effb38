"""From Metaflow's cron expressions, which have six fields, to Prefect's, which have five.

Six fields are read as Amazon EventBridge reads them, to which Metaflow's `@schedule` refers:
minutes, hours, day of the month, month, day of the week (1 is Sunday), year. Five are taken
as those of plain cron (0 is Sunday), as Argo takes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from metaflow_prefect.errors import FlowProblem

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
ANY = ("*", "?")
PART = re.compile(r"(?P<first>\w+|[*?])(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
# In the day of the week: the last one of the month, or the third (say) of the month.
LAST_DAY = re.compile(r"(?P<day>\w+?)L")
NTH_DAY = re.compile(r"(?P<day>\w+)#(?P<number>[1-5])")


@dataclass(frozen=True)
class Field:
    """A field of a cron expression.

    Args:
        name: What it is called.
        low: Its lowest number.
        high: Its highest number.
        names: Words for its numbers, from the lowest.
        shift: What to add to a number to get the number that plain cron has.
    """

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    shift: int = 0


MINUTES = Field("minutes", 0, 59)
HOURS = Field("hours", 0, 23)
DAY_OF_MONTH = Field("day of the month", 1, 31)
MONTH = Field("month", 1, 12, MONTHS)
DAY_OF_WEEK = Field("day of the week", 1, 7, DAYS, shift=-1)
PLAIN_DAY_OF_WEEK = Field("day of the week", 0, 7, DAYS)


def five_fields(expression: str) -> str:
    """Write a cron expression of Metaflow as one of Prefect.

    Args:
        expression: The expression of `@schedule`, of six fields or of five.

    Returns:
        The expression of five fields for the same times.

    Raises:
        FlowProblem: Prefect has no cron expression for these times.
    """
    words = expression.split()
    if len(words) == 5:
        fields = (MINUTES, HOURS, DAY_OF_MONTH, MONTH, PLAIN_DAY_OF_WEEK)
    elif len(words) == 6:
        fields = (MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK)
        _check_six(expression, words)
    else:
        raise _problem(
            expression,
            f"has {len(words)} fields. Metaflow takes six: minutes, hours, day of the month, "
            "month, day of the week and year, and no seconds",
        )
    return " ".join(
        _field(expression, field, word.upper()) for field, word in zip(fields, words, strict=False)
    )


def _check_six(expression: str, words: list[str]) -> None:
    if words[5] not in ANY:
        raise _problem(
            expression, f"names years ({words[5]}), which Prefect cannot express. Write *"
        )
    if words[2] not in ANY and words[4] not in ANY:
        text = "names both a day of the month and a day of the week. Write ? for one of them"
        raise _problem(expression, text)


def _field(expression: str, field: Field, word: str) -> str:
    if field is DAY_OF_MONTH and word == "L":
        return "L"
    if field.names is DAYS:
        if last := LAST_DAY.fullmatch(word):
            return f"L{_number(expression, field, last['day']) % 7}"
        if nth := NTH_DAY.fullmatch(word):
            return f"{_number(expression, field, nth['day']) % 7}#{nth['number']}"
    return ",".join(_part(expression, field, part) for part in word.split(","))


def _part(expression: str, field: Field, text: str) -> str:
    part = PART.fullmatch(text)
    if part is None or (part["first"] in ANY and part["last"]):
        raise _problem(expression, f"has {text!r} as {field.name}, which Prefect cannot express")
    step = int(part["step"] or 1)
    if step == 0:
        raise _problem(expression, f"has a step of 0 as {field.name}")
    if part["first"] in ANY:
        return "*" if step == 1 else f"*/{step}"
    first = last = _number(expression, field, part["first"])
    if part["last"]:
        last = _number(expression, field, part["last"])
    elif part["step"]:
        last = 6 if field.names is DAYS else field.high
    if last < first:
        return ",".join(_round(field, first, last, step))
    written = f"{first}" if first == last else f"{first}-{last}"
    return written if step == 1 or first == last else f"{written}/{step}"


def _round(field: Field, first: int, last: int, step: int) -> list[str]:
    """List a range that goes on at its beginning, as from Friday to Monday."""
    low = 0 if field.names is DAYS else field.low
    span = 7 if field.names is DAYS else field.high - field.low + 1
    return [str((one - low) % span + low) for one in range(first, last + span + 1, step)]


def _number(expression: str, field: Field, word: str) -> int:
    """Give the number that plain cron has for a number or name."""
    if word in field.names:
        return field.names.index(word) + field.low + field.shift
    if not (word.isascii() and word.isdecimal() and field.low <= int(word) <= field.high):
        span = f"{field.low} to {field.high}"
        raise _problem(expression, f"has {word!r} as {field.name}, which must be {span}")
    return int(word) + field.shift


def _problem(expression: str, text: str) -> FlowProblem:
    return FlowProblem(f"The cron expression {expression!r} of @schedule {text}.")
