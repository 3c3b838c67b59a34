"""Long work: asked for, watched, stopped."""

from __future__ import annotations

from flask import url_for

from kbservice.domain.account import Role
from kbservice.domain.job import Job
from kbservice.web.api.blueprint import api
from kbservice.web.api.contract import contract
from kbservice.web.api.schemas.base import PageOut
from kbservice.web.api.schemas.operation import JobIn, JobOut, JobQuery
from kbservice.web.context import application, principal
from kbservice.web.security import requires


@api.post("/jobs")
@requires(Role.ADMIN)
@contract(tag="jobs", answers=JobOut, status=202)
def job_create(json: JobIn) -> tuple[JobOut, int, dict[str, str]]:
    """Ask the worker for work: rebuild_index, train_classifier or train_ranker."""
    job = application().jobs.enqueue(json.kind, json.arguments, principal())
    return _shown(job), 202, {"Location": url_for("api.job_show", job_id=job.id)}


@api.get("/jobs")
@requires(Role.ADMIN)
@contract(tag="jobs", answers=PageOut[JobOut])
def job_list(query: JobQuery) -> PageOut[JobOut]:
    """Return the latest jobs, newest first."""
    return PageOut[JobOut](items=[_shown(job) for job in application().jobs.recent(query.limit)])


@api.get("/jobs/<int:job_id>")
@requires(Role.ADMIN)
@contract(tag="jobs", answers=JobOut)
def job_show(job_id: int) -> JobOut:
    """Tell where a job stands."""
    return _shown(application().jobs.get(job_id))


@api.delete("/jobs/<int:job_id>")
@requires(Role.ADMIN)
@contract(tag="jobs", answers=JobOut)
def job_cancel(job_id: int) -> JobOut:
    """Stop a job: a waiting one at once, a running one at its next step."""
    return _shown(application().jobs.cancel(job_id, principal()))


def _shown(job: Job) -> JobOut:
    return JobOut.of(job, application().clock.now())
