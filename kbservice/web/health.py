"""Signs of health for load balancers and monitoring, at the root."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response

from kbservice.domain.account import Role
from kbservice.errors import KbServiceError
from kbservice.metrics import Metrics
from kbservice.web.context import application, metrics
from kbservice.web.security import open_access, requires

health = Blueprint("health", __name__)

PartState = Literal["ok", "degraded", "down"]


@health.get("/healthz")
@open_access
def healthz() -> dict[str, str]:
    """Tell that the process answers; touches nothing else."""
    return {"status": "ok"}


@health.get("/readyz")
@open_access
def readyz() -> tuple[dict[str, object], int]:
    """Tell whether tickets can be taken, and which parts are down."""
    parts = _parts()
    degraded = [part for part, state in parts.items() if state != "ok"]
    if parts["database"] == "down":
        status, code = "down", 503
    else:
        status, code = ("degraded" if degraded else "ready"), 200
    return {"status": status, "parts": parts, "degraded": degraded}, code


@health.get("/metrics")
@requires(Role.ADMIN, from_loopback=True)
def metrics_text() -> Response:
    """Return the metrics in the Prometheus text format."""
    _read_gauges()
    return Response(metrics().exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _parts() -> dict[str, PartState]:
    return {
        "database": _database_state(),
        "index": _index_state(),
        "classifier": _classifier_state(),
        "worker": "ok" if application().heartbeat.is_alive else "down",
    }


def _database_state() -> PartState:
    try:
        # More than a ping: a file that vanished would be made anew, without tables.
        application().database.check_schema()
    except KbServiceError:
        return "down"
    return "ok"


def _index_state() -> PartState:
    try:
        state = application().engine.state()
    except KbServiceError:
        return "down"
    return "ok" if state.complete and state.whole else "degraded"


def _classifier_state() -> PartState:
    try:
        return "down" if list(application().training.faults()) else "ok"
    except (KbServiceError, OSError):
        return "down"


def _read_gauges() -> None:
    found = metrics()
    for part, state in _parts().items():
        found.degraded.labels(part).set(state != "ok")
    found.worker_alive.set(application().heartbeat.is_alive)
    _read_drift(found)
    try:
        status = application().indexing.status()
    except KbServiceError:
        return
    found.index_documents.set(status.state.documents if status.state else 0)
    found.index_generation.set(status.state.generation if status.state else 0)
    found.index_lag.set(status.lag_s)
    found.outbox_pending.set(status.pending)
    found.outbox_parked.set(status.parked)


def _read_drift(found: Metrics) -> None:
    report = application().drift.latest()
    if report is None:
        return
    found.drifting.set(report.state == "drifting")
    gauges = {
        "abstentions": found.abstained,
        "labels": found.label_shift,
        "words": found.unknown_words,
    }
    for signal in report.signals:
        gauges[signal.name].set(signal.value)
