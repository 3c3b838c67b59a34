"""Knowledge articles and their revisions (KCS v6 sections)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kbservice.domain.base import Base
from kbservice.errors import Conflict

SECTIONS = ("problem", "environment", "cause", "solution", "faq")


# As many as candidates are ranked: further ones move nothing further.
_MOST_VOICES = 30
# One person who rejects a fix again and again says little more than at first.
_MOST_FAILURES = 3


class ArticleState(StrEnum):
    """Where an article stands; only published ones are searched."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Visibility(StrEnum):
    """Who may read an article; intake forms see public ones only."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Article(Base):
    """A known fix.

    Attributes:
        id: Public name: the source's own id where it has one, else ``KB-000123``.
        verification: ``unverified``, ``internal`` (tested) or ``user`` (confirmed in use).
        failed_by: How often each account said that it failed; imports have no name.
        symptoms: Redacted wording of tickets that this article solved.
        revision: Grows with every change; also the version in the outbox and the index.
    """

    __tablename__ = "articles"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    source_id: Mapped[str | None] = mapped_column(String(400), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    problem: Mapped[str] = mapped_column(Text, default="")
    environment: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(Text, default="")
    solution: Mapped[str] = mapped_column(Text, default="")
    faq: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    category: Mapped[str | None] = mapped_column(String(100), index=True)
    product: Mapped[str | None] = mapped_column(String(100))
    version: Mapped[str | None] = mapped_column(String(100))
    kind: Mapped[str | None] = mapped_column(String(50))
    language: Mapped[str] = mapped_column(String(10), default="")
    url: Mapped[str | None] = mapped_column(String(1000))
    state: Mapped[ArticleState] = mapped_column(default=ArticleState.DRAFT, index=True)
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.INTERNAL)
    verification: Mapped[str] = mapped_column(String(16), default="unverified")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    solved_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    voices: Mapped[list[str] | None]
    failed_by: Mapped[dict[str, Any] | None]
    last_success_at: Mapped[datetime | None]
    symptoms: Mapped[list[str]] = mapped_column(default=list)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)
    published_at: Mapped[datetime | None]

    # A change that was read before somebody else's commit is refused, not written over it.
    __mapper_args__ = {  # noqa: RUF012  # SQLAlchemy declares it per instance
        "version_id_col": revision,
        "version_id_generator": False,
    }

    @property
    def sections(self) -> dict[str, str]:
        """The filled sections in reading order."""
        return {name: text for name in SECTIONS if (text := getattr(self, name))}

    def touch(self, now: datetime) -> None:
        """Start a new revision."""
        self.revision += 1
        self.updated_at = now

    def publish(self, now: datetime) -> None:
        """Make the article searchable.

        Raises:
            Conflict: The article has no text at all, or is published already.
        """
        if self.state == ArticleState.PUBLISHED:
            raise Conflict("Article {id} is published already", id=self.id)
        if not self.sections:
            raise Conflict("Article {id} has no text to publish", id=self.id)
        self.state = ArticleState.PUBLISHED
        self.published_at = now
        self.touch(now)

    def retire(self, now: datetime) -> None:
        """Take the article out of search; it stays readable by its address."""
        if self.state == ArticleState.RETIRED:
            raise Conflict("Article {id} is retired already", id=self.id)
        self.state = ArticleState.RETIRED
        self.touch(now)

    @property
    def voice_count(self) -> int | None:
        """How many people stand behind the outcomes; None if some came without a name."""
        if self.voices is None:
            return None if self.solved_count or self.failed_count else 0
        return len(self.voices)

    @property
    def failures_heard(self) -> int:
        """How many failures count: of one person three at most, of imports all."""
        named: dict[str, int] = self.failed_by or {}
        unnamed = max(0, self.failed_count - sum(named.values()))
        heard = unnamed + sum(min(times, _MOST_FAILURES) for times in named.values())
        if self.voices is None:
            return heard
        return min(heard, _MOST_FAILURES * len(self.voices))

    def count_outcome(
        self,
        *,
        solved: bool,
        symptom: str,
        now: datetime,
        voice: str = "",
        corrects: str | None = None,
    ) -> None:
        """Add one ticket's outcome to the evidence; keeps the latest 50 symptoms.

        Args:
            solved: Whether it helped.
            symptom: What the requester called the trouble.
            now: When that became known.
            voice: Who says so; empty for an import, which an administrator vouches for.
            corrects: Who said the opposite of the same ticket, which is taken back.
        """
        self._hear(voice)
        if corrects is not None:
            self._take_back(corrects, solved=not solved, symptom=symptom)
        if solved:
            self.solved_count += 1
            self.last_success_at = now
            if symptom and symptom not in self.symptoms:
                self.symptoms = [*self.symptoms, symptom][-50:]
        else:
            self.failed_count += 1
            if voice:
                named = self.failed_by or {}
                self.failed_by = {**named, voice: named.get(voice, 0) + 1}
        self.touch(now)

    def _take_back(self, voice: str, *, solved: bool, symptom: str) -> None:
        if not solved:
            self.failed_count = max(0, self.failed_count - 1)
            named = self.failed_by or {}
            if named.get(voice):
                self.failed_by = {**named, voice: named[voice] - 1}
            return
        self.solved_count = max(0, self.solved_count - 1)
        self.symptoms = [known for known in self.symptoms if known != symptom]
        if not self.solved_count:
            self.last_success_at = None

    def _hear(self, voice: str) -> None:
        known = self.voices or []
        if not voice:
            self.voices = None
        elif self.voice_count is not None and voice not in known:
            self.voices = [*known, voice][:_MOST_VOICES]


class ArticleRevision(Base):
    """What an article said at one revision."""

    __tablename__ = "article_revisions"
    __table_args__ = (UniqueConstraint("article_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[str] = mapped_column(ForeignKey("articles.id"))
    revision: Mapped[int]
    title: Mapped[str] = mapped_column(String(500))
    content: Mapped[dict[str, Any]]
    author: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
