"""Moments as registers, spreadsheets and damaged captures write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.text.dates import repair_datetime

MORNING = datetime(2023, 10, 25, 9, 15, 30)  # noqa: DTZ001 (registers name no zone)
BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    "text",
    [
        "2023-10-25 09:15:30",
        "2023-10-2509:15:30",
        "2023/10/25 9:15:30",
        "2023.10.25 09：15：30",
        "2023年10月25日 9时15分30秒",
        "2023年10月25日上午9点15分30秒",
        "２０２３-１０-２５ ０９:１５:３０",
        "2023-10-25T09:15:30",
        "2023年10月25日星期三 09:15:30",
        "二〇二三年十月二十五日 九时十五分三十秒",
        "20231025091530",
        "45224.385763888886",
    ],
)
def test_the_same_moment_in_many_forms(text: str):
    assert repair_datetime(text) == MORNING


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-10-25", datetime(2023, 10, 25)),  # noqa: DTZ001
        ("20231025", datetime(2023, 10, 25)),  # noqa: DTZ001
        ("2023年1月5日", datetime(2023, 1, 5)),  # noqa: DTZ001
        ("2023-10-512:00:00", datetime(2023, 10, 5, 12)),  # noqa: DTZ001
        ("2023-10-25 下午3点半", datetime(2023, 10, 25, 15, 30)),  # noqa: DTZ001
        ("2023-10-25 9:15 PM", datetime(2023, 10, 25, 21, 15)),  # noqa: DTZ001
        ("2023-10-25 中午12点", datetime(2023, 10, 25, 12)),  # noqa: DTZ001
        ("2023-10-25 凌晨12点10分", datetime(2023, 10, 25, 0, 10)),  # noqa: DTZ001
        ("2023-10-25 24:00", datetime(2023, 10, 26)),  # noqa: DTZ001
        ("2023-10-25 09:15:30.5", MORNING.replace(microsecond=500_000)),
        ("2023-10-25T09:15:30+08:00", MORNING.replace(tzinfo=BEIJING)),
        ("2023-10-25T01:15:30Z", datetime(2023, 10, 25, 1, 15, 30, tzinfo=UTC)),
        ("Wed, 25 Oct 2023 09:15:30 +0800", MORNING.replace(tzinfo=BEIJING)),
        (45_224, datetime(2023, 10, 25)),  # noqa: DTZ001
    ],
)
def test_moment_of(text: str | float, moment: datetime):
    assert repair_datetime(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "昨天", "2023-13-01", "2023-02-30", "TS20231025001", "202310-001", "3.2.1", "138"),
        *("2023-10-25 25:00", "\ud800", 7, 1e12, float("nan")),
    ],
)
def test_what_is_no_moment_is_none(text: str | float):
    assert repair_datetime(text) is None


@settings(deadline=None)
@given(st.text(st.characters(), max_size=40))
def test_any_text_has_an_answer(text: str):
    assert repair_datetime(text) is None or isinstance(repair_datetime(text), datetime)


@settings(deadline=None)
@given(st.datetimes(datetime(1950, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001
def test_a_lost_blank_between_date_and_time_is_repaired(moment: datetime):
    moment = moment.replace(microsecond=0)

    assert repair_datetime(f"{moment:%Y-%m-%d%H:%M:%S}") == moment
