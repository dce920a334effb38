"""Metaflow's cron expressions as Prefect's: the same times, or a refusal."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metaflow_prefect.deploy.cron import DAYS, MONTHS, five_fields
from metaflow_prefect.errors import FlowProblem
from prefect.server.schemas.schedules import CronSchedule

EPOCH = datetime(2023, 1, 1, tzinfo=timezone.utc)
LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("0 0 ? * SUN *", "0 0 * * 0", id="weekly"),
        pytest.param("0 * * * ? *", "0 * * * *", id="hourly"),
        pytest.param("0 0 * * ? *", "0 0 * * *", id="daily"),
        pytest.param("0 10 ? * 1 *", "0 10 * * 0", id="one-is-sunday"),
        pytest.param("0 10 ? * 7 *", "0 10 * * 6", id="seven-is-saturday"),
        pytest.param("0 10 ? * mon-fri *", "0 10 * * 1-5", id="lower-case"),
        pytest.param("0 10 ? * FRI-MON *", "0 10 * * 5,6,0,1", id="over-the-weekend"),
        pytest.param("0 22-4/3 * * ? *", "0 22,1,4 * * *", id="over-midnight"),
        pytest.param("5/20 * * * ? *", "5-59/20 * * * *", id="from-and-step"),
        pytest.param("*/10 8,12-14 1 JAN,6 ? *", "*/10 8,12-14 1 1,6 *", id="lists"),
        pytest.param("0 0 L * ? *", "0 0 L * *", id="last-day"),
        pytest.param("0 0 ? * 6L *", "0 0 * * L5", id="last-friday"),
        pytest.param("0 0 ? * 2#3 *", "0 0 * * 1#3", id="third-monday"),
        pytest.param("0 9 * * 1", "0 9 * * 1", id="five-fields-are-plain-cron"),
        pytest.param("0 9 * * 7", "0 9 * * 7", id="five-fields-sunday"),
        pytest.param("0 9 1 * MON", "0 9 1 * 1", id="five-fields-both-days"),
    ],
)
def test_same_times(written: str, expected: str) -> None:
    assert five_fields(written) == expected
    assert CronSchedule(cron=expected).cron == expected


@pytest.mark.parametrize(
    ("written", "told"),
    [
        pytest.param("0 0 * * ? 2030", "names years", id="year"),
        pytest.param("0 0 0 * * ? *", "seconds", id="seconds"),
        pytest.param("0 0 15W * ? *", "'15W' as day of the month", id="weekday"),
        pytest.param("0 0 L-3 * ? *", "'L' as day of the month", id="before-the-last"),
        pytest.param("0 0 ? * L *", "'L' as day of the week", id="last-without-day"),
        pytest.param("0 0 ? * 2#6 *", "'2#6' as day of the week", id="sixth"),
        pytest.param("0 0 1 * MON *", "both a day of the month", id="both-days"),
        pytest.param("0 0 ? * 0 *", "'0' as day of the week", id="zero"),
        pytest.param("60 0 * * ? *", "'60' as minutes", id="too-high"),
        pytest.param("*/0 0 * * ? *", "a step of 0", id="step-of-0"),
        pytest.param("*-5 0 * * ? *", "'*-5' as minutes", id="any-to"),
        pytest.param("H 0 * * ? *", "'H' as minutes", id="hashed"),
        pytest.param("@daily", "has 1 fields", id="alias"),
        pytest.param("", "has 0 fields", id="empty"),
        pytest.param("٣ 0 * * ? *", "as minutes", id="other-digits"),
    ],
)
def test_refused(written: str, told: str) -> None:
    with pytest.raises(FlowProblem, match="of @schedule") as caught:
        five_fields(written)
    assert told in str(caught.value)


def fields(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """Parts of a field in any form that both kinds of cron have."""
    number = st.integers(low, high)
    word = number.map(str)
    if names:
        word |= number.map(lambda n: names[n - low])
    step = st.integers(1, high).map(lambda n: f"/{n}")
    part = st.one_of(
        word,
        st.tuples(word, step).map("".join),
        st.tuples(word, st.just("-"), word).map("".join),
        st.tuples(word, st.just("-"), word, step).map("".join),
        st.just("*"),
        step.map(lambda s: f"*{s}"),
    )
    return st.lists(part, min_size=1, max_size=3).map(",".join)


MINUTES, HOURS, DAYS_OF_MONTH = (fields(*limit) for limit in LIMITS[:3])
DAY_PAIRS = st.tuples(DAYS_OF_MONTH, st.just("?")) | st.tuples(st.just("?"), fields(1, 7, DAYS))
EXPRESSIONS = st.builds(
    lambda minute, hour, days, month: f"{minute} {hour} {days[0]} {month} {days[1]} *",
    MINUTES,
    HOURS,
    DAY_PAIRS,
    fields(1, 12, MONTHS),
)


def numbers(field: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    """The numbers that a field stands for, by the rules of Amazon EventBridge."""

    def number(word: str) -> int:
        return names.index(word) + low if word in names else int(word)

    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if first in "*?":
            start, end = low, high
        else:
            start = number(first)
            end = number(last) if last else (high if step else start)
        if end < start:
            end += high - low + 1
        found |= {(n - low) % (high - low + 1) + low for n in range(start, end + 1, int(step or 1))}
    return found


def fires(expression: str, moment: datetime) -> bool:
    names = ((), (), (), MONTHS, DAYS)
    minute, hour, day, month, weekday = (
        numbers(word, low, high, known)
        for word, (low, high), known in zip(expression.split()[:5], LIMITS, names, strict=True)
    )
    return (
        moment.minute in minute
        and moment.hour in hour
        and moment.day in day
        and moment.month in month
        and moment.isoweekday() % 7 + 1 in weekday
    )


@given(EXPRESSIONS, st.integers(0, 3 * 366 * 24 * 60))
def test_any_expression_fires_at_the_same_minutes(expression: str, minutes: int) -> None:
    moment = EPOCH + timedelta(minutes=minutes)
    schedule = CronSchedule(cron=five_fields(expression), timezone="UTC")
    if not _ever(expression):
        return
    (following,) = asyncio.run(schedule.get_dates(n=1, start=moment))
    assert fires(expression, following)
    # A random minute seldom fires; but if it does, it is the first one.
    assert (following == moment) == fires(expression, moment)


def _ever(expression: str) -> bool:
    """Whether there is such a day at all: the 31st of February is none."""
    _, _, day, month, *_ = expression.split()
    days, months = numbers(day, 1, 31, ()), numbers(month, 1, 12, MONTHS)
    return min(days) < 29 or bool(months - {2} and (min(days) < 31 or months & {1, 3, 5, 7}))
