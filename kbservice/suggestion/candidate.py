"""What is looked for, and what was found: the input of ranking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a fix is looked for: the ticket's words and where it happens.

    Attributes:
        now: When it is asked; None leaves ages out.
    """

    title: str
    body: str = ""
    product: str = ""
    version: str = ""
    environment: str = ""
    category: str = ""
    now: datetime | None = None

    @property
    def text(self) -> str:
        """Title and body as one text."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A found document, as far as ranking needs it.

    Attributes:
        article_id: Of a ticket: the article that solved it.
        symptoms: Wording of tickets that the article solved.
        voices: How many people stand behind its outcomes; None if that was never counted.
        failures_heard: How many failures count, of one person only a few; None: all.
    """

    id: str
    kind: str
    title: str
    score: float
    product: str = ""
    version: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    solved_count: int = 0
    failed_count: int = 0
    voices: int | None = None
    failures_heard: int | None = None
    last_success_at: datetime | None = None
    updated_at: datetime | None = None
    verification: str = "unverified"
    article_id: str = ""
    sections: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """All sections as one text."""
        return "\n".join(text for _, text in self.sections)
