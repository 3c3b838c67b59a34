"""The committed evaluation sets of tests/data, ready for ``kbservice evaluate``."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
RETRIEVAL = ("zh_aliyun_faq", "zh_tidb_docs", "en_stackfaq", "en_hadoop_duplicates")
# Set -> the label that it carries.
TRIAGE = {
    "zh_aliyun_faq_routing": "category",
    "en_banking77": "category",
    "en_hadoop_priority": "priority",
    "en_it_tickets_endava": "category",
}
TRAIN_SHARE = 0.7


def split_tickets(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a triage set's ``train.jsonl`` and ``test.jsonl``; equal texts stay together."""
    with gzip.open(FOLDER / name / "tickets.jsonl.gz", "rt", encoding="utf-8") as lines:
        return split(lines, folder)


def split(tickets: Iterable[str], folder: Path) -> tuple[Path, Path]:
    """Do the same with any tickets, a line of JSON each."""
    train, test = folder / "train.jsonl", folder / "test.jsonl"
    with (
        train.open("w", encoding="utf-8") as learned,
        test.open("w", encoding="utf-8") as held_out,
    ):
        for line in tickets:
            (learned if _position(json.loads(line)) < TRAIN_SHARE else held_out).write(line)
    return train, test


def _position(ticket: dict[str, str]) -> float:
    """Return where a text stands between 0 and 1, regardless of case and spacing."""
    text = "".join(f"{ticket['title']} {ticket.get('body') or ''}".lower().split())
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
