"""How a challenger does beside the champion that it would replace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from kbservice.triage.artifacts import Release
from kbservice.triage.dataset import LabelName
from kbservice.triage.promotion import USUAL, objection
from kbservice.triage.training import Trained, figures

_TOLD: Final = ("accuracy", "macro_f1", "ece", "auto_ratio", "auto_precision")


def verdict(champion: Release | None, trained: Trained) -> dict[str, Any]:
    """Compare both by kind of label; empty where there is no champion.

    ``objection`` says why the challenger must not replace the champion; empty if it may.
    """
    if champion is None:
        return {}
    objections, compared = list[str](), dict[str, Any]()
    for name, recorded in champion.manifest["metrics"].items():
        if name not in trained.metrics:
            objections.append(f"it has no {name}")
            continue
        before, after, unseen = _compared(champion, trained, name, recorded)
        compared[name] = {
            "tickets": unseen,
            "champion": _brief(before),
            "challenger": _brief(after),
        }
        if reason := objection(before, after):
            objections.append(f"{name}: {reason}")
    return {
        "champion": champion.id,
        "compared": compared,
        "objection": "; ".join(objections),
    }


def _compared(
    champion: Release, trained: Trained, name: str, recorded: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any], int]:
    """Return the figures of both, on tickets that neither has seen if there are enough.

    The number is that of these tickets; 0: each was judged at its own training.
    """
    trial = trained.trials[name]
    learned_until = champion.manifest.get("window", [])[1:]
    unseen = [
        ticket
        for ticket in trial.holdout
        if learned_until
        and ticket.created_at
        and ticket.created_at > datetime.fromisoformat(learned_until[0])
    ]
    if len(unseen) < USUAL.tickets or name not in champion.classifiers:
        return recorded, trained.metrics[name], 0
    label = cast("LabelName", name)
    return (
        figures(label, champion.classifiers[name], trial.older, unseen),
        figures(label, trial.classifier, trial.older, unseen),
        len(unseen),
    )


def _brief(measured: Mapping[str, Any]) -> dict[str, Any]:
    return {name: measured.get(name) for name in _TOLD}
