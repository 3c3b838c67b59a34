"""Stores imported articles: new ones, and those whose source changed."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.article import Article, ArticleState
from kbservice.services.article_rows import ReadArticle, new_article, read_article
from kbservice.services.import_report import ImportReport, Outcome
from kbservice.services.rows import Row
from kbservice.store import articles, counters, outbox

_OWN_ID_PREFIX = "KB-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleImport:
    """One run over a file of articles."""

    clock: Clock
    zone: ZoneInfo
    author: str
    publish: bool

    def store(self, session: Session, row: Row, report: ImportReport) -> None:
        """Create or update the article of a row.

        Raises:
            InvalidInput: The row cannot be an article.
        """
        read = read_article(row, self.zone)
        article = _existing(session, read)
        outcome = (
            self._create(session, read) if article is None else self._update(session, article, read)
        )
        report.count(outcome)
        report.unknown_columns.update(read.unknown)
        report.warn(row, read.warnings)
        report.list_removals(row, read.removals)

    def _create(self, session: Session, read: ReadArticle) -> Outcome:
        article_id = _free_id(session, read)
        article = new_article(read, article_id, publish=self.publish, now=self.clock.now())
        articles.add(session, article)
        self._follow_up(session, article)
        return "created"

    def _update(self, session: Session, article: Article, read: ReadArticle) -> Outcome:
        changes = read.changes_to(article)
        publishes = self.publish and article.state == ArticleState.DRAFT
        if not changes and not publishes:
            return "unchanged"
        for name, value in changes.items():
            setattr(article, name, value)
        now = self.clock.now()
        if publishes:
            article.publish(now)
        else:
            article.touch(read.updated_at or now)
        self._follow_up(session, article)
        return "updated"

    def _follow_up(self, session: Session, article: Article) -> None:
        articles.record_revision(session, article, self.author)
        if article.state == ArticleState.PUBLISHED:
            outbox.append(session, "article", article.id, article.revision, self.clock.now())


def _existing(session: Session, read: ReadArticle) -> Article | None:
    found = articles.find_by_source(session, read.source_id)
    if found is None and read.record and read.own_id:
        # Only our own export may claim an article that was written here.
        found = articles.find(session, read.own_id)
    return found


def _free_id(session: Session, read: ReadArticle) -> str:
    is_ours = read.own_id.startswith(_OWN_ID_PREFIX) and not read.record
    if not read.own_id or is_ours or articles.find(session, read.own_id):
        return articles.next_id(session)
    serial = read.own_id.removeprefix(_OWN_ID_PREFIX)
    if read.own_id.startswith(_OWN_ID_PREFIX) and serial.isdecimal():
        counters.raise_to(session, "article", "all", int(serial))
    return read.own_id
