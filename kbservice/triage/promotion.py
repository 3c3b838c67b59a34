"""Whether a new classifier may replace the one in use: champion against challenger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How much worse a challenger may be; what is less is noise.

    Attributes:
        macro_f1: Most that the mean over all labels may fall.
        label_f1: Most that one label may fall, where the holdout has ``label_tickets`` of it.
        ece: Most that the calibration error may rise.
        tickets: Fewest tickets that neither has seen, for both to be judged by them.
    """

    macro_f1: float = 0.02
    label_f1: float = 0.15
    label_tickets: int = 20
    ece: float = 0.03
    tickets: int = 50


USUAL = Gate()


def objection(
    champion: Mapping[str, Any], challenger: Mapping[str, Any], gate: Gate = USUAL
) -> str:
    """Return why the challenger must not take over, empty if it may.

    Args:
        champion: Figures of one kind of label, as a training records them.
        challenger: The same of the other, best on the same tickets.
        gate: What is tolerated.
    """
    before, after = champion["macro_f1"], challenger["macro_f1"]
    if after < before - gate.macro_f1:
        return f"macro-F1 fell from {before} to {after}"
    if challenger["ece"] > champion["ece"] + gate.ece:
        return f"the calibration error rose from {champion['ece']} to {challenger['ece']}"
    now = {row["label"]: row["f1"] for row in challenger["per_label"]}
    for row in champion["per_label"]:
        fallen = row["f1"] - now.get(row["label"], 0.0)
        if row["tickets"] >= gate.label_tickets and fallen > gate.label_f1:
            return f"F1 of {row['label']} fell from {row['f1']} to {now.get(row['label'], 0.0)}"
    return ""
