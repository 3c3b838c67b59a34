"""The administrator's page: index, classifier, jobs, health."""

from __future__ import annotations

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.errors import Conflict, KbServiceError
from kbservice.web.context import application, principal, translate
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.security import requires


@pages.get("/admin")
@requires(Role.ADMIN)
def admin() -> str:
    """Show the state of every part."""
    app = application()
    return render_template(
        "admin/index.html",
        status=app.indexing.status(),
        releases=app.training.releases(),
        jobs=app.jobs.recent(10),
    )


@pages.get("/admin/_health")
@requires(Role.ADMIN)
def admin_health() -> str:
    """Return what the doctor finds; apart from the page, because it reads everything."""
    return render_template("admin/_health.html", findings=application().doctor.check())


@pages.post("/admin/jobs")
@requires(Role.ADMIN)
def job_start() -> Response:
    """Queue a rebuild or a training."""
    try:
        application().jobs.enqueue(request.form.get("kind", ""), {}, principal())
    except Conflict as error:
        flash(rendered(error))
    return see_other("pages.admin")


@pages.post("/admin/index/rollback")
@requires(Role.ADMIN)
def index_rollback() -> Response:
    """Make the previous index generation answer again."""
    try:
        state = application().indexing.rollback(principal())
    except KbServiceError as error:
        flash(rendered(error))
    else:
        flash(translate("Generation {generation} answers from now on", generation=state.generation))
    return see_other("pages.admin")


@pages.post("/admin/index/retry")
@requires(Role.ADMIN)
def index_retry() -> Response:
    """Let the changes that could not be indexed be tried anew."""
    freed = application().indexing.retry_parked(principal())
    flash(translate("{count} changes are tried again", count=freed))
    return see_other("pages.admin")


@pages.get("/admin/jobs/<int:job_id>/_progress")
@requires(Role.ADMIN)
def job_progress(job_id: int) -> str:
    """Return one job's line; an unfinished one asks for itself again after a second."""
    return render_template("admin/_job.html", job=application().jobs.get(job_id))
