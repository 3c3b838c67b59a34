from __future__ import annotations

from datetime import timedelta

import pytest

from kbservice.domain.job import JobState
from tests.builders import NOW, a_job


@pytest.mark.parametrize(
    ("state", "finished"),
    [
        (JobState.WAITING, False),
        (JobState.RUNNING, False),
        (JobState.DONE, True),
        (JobState.FAILED, True),
        (JobState.CANCELLED, True),
    ],
)
def test_a_job_is_finished_when_nothing_more_will_happen(
    state: JobState,
    finished: bool,  # noqa: FBT001  # a column of the table above
):
    assert a_job(state=state).is_finished is finished


def test_the_time_left_follows_the_pace_so_far():
    job = a_job(state=JobState.RUNNING, started_at=NOW, done=25, total=100)

    assert job.eta_s(NOW + timedelta(seconds=10)) == 30.0


@pytest.mark.parametrize(
    ("stage", "done", "left_s"), [("read", 100, 90.0), ("analyze", 50, 12.2), ("merge", 50, 1.1)]
)
def test_the_time_left_of_a_rebuild_counts_what_the_other_stages_take(
    stage: str, done: int, left_s: float
):
    job = a_job(state=JobState.RUNNING, started_at=NOW, stage=stage, done=done, total=100)

    assert job.eta_s(NOW + timedelta(seconds=10)) == pytest.approx(left_s, abs=0.05)


@pytest.mark.parametrize(
    "values",
    [
        {"state": JobState.DONE, "started_at": NOW, "done": 1, "total": 2},
        {"state": JobState.WAITING, "started_at": None, "done": 0, "total": 2},
        {"state": JobState.RUNNING, "started_at": NOW, "done": 0, "total": 2},
        {"state": JobState.RUNNING, "started_at": NOW, "done": 5, "total": 0},
    ],
)
def test_the_time_left_is_unknown_without_a_pace(values: dict[str, object]):
    assert a_job(**values).eta_s(NOW) is None


def test_the_time_left_is_never_negative():
    job = a_job(state=JobState.RUNNING, started_at=NOW, done=12, total=10)

    assert job.eta_s(NOW + timedelta(seconds=10)) == 0.0
