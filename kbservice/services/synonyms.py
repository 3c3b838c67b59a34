"""The synonym book: its rules, their changes, and what a change would do to searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.orm import Session

from kbservice.clock import Clock
from kbservice.domain.account import Principal, Role
from kbservice.domain.synonym import SynonymRule
from kbservice.errors import (
    Conflict,
    InvalidInput,
    KbServiceError,
    QuerySyntaxError,
    StaleVersion,
    Unavailable,
)
from kbservice.search.documents import SearchHit, SearchPage, SearchQuery
from kbservice.search.engine import SearchEngine
from kbservice.search.synonyms import Rule, SynonymBook, parse_rule
from kbservice.search.syntax import parse
from kbservice.services.derived import Derived
from kbservice.store import audit
from kbservice.store import synonyms as store
from kbservice.store.database import Database

log = structlog.get_logger(__name__)

MAX_RULES = 5_000
MAX_PREVIEWED = 20
_SHOWN = 5
_COMPARED = 50
_NO_SYNONYMS = SynonymBook()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that was not imported, and why."""

    line: int
    text: str
    error: KbServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymImport:
    """What became of the lines of an import."""

    added: int
    known: int
    refused: tuple[RefusedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPreview:
    """What one query finds without and with a rule.

    Attributes:
        before: Its first hits as things stand.
        after: Its first hits with the rule.
        gained: Ids among the first 50 that only the rule finds.
        lost: Ids that the rule loses, because words need no longer be given up.
    """

    query: str
    total_before: int
    total_after: int
    before: tuple[SearchHit, ...]
    after: tuple[SearchHit, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


class Synonyms:
    """Keeps the rules; hands out the book that searches are widened with."""

    def __init__(
        self,
        *,
        database: Database,
        engine: SearchEngine,
        clock: Clock,
        recent: Callable[[], Iterable[str]] = tuple,
        check_interval_s: float = 1.0,
    ) -> None:
        self._database = database
        self._engine = engine
        self._clock = clock
        self._recent = recent
        self._book: Derived[SynonymBook] = Derived(
            stamp=self._version, build=self._read, interval_s=check_interval_s
        )

    def book(self) -> SynonymBook:
        """Return the rules that apply now; another process's change arrives within a second.

        A store that is down adds no words: searches go on without.
        """
        try:
            return self._book.get()
        except Unavailable as error:
            log.warning("synonyms_missing", reason=str(error))
            return _NO_SYNONYMS

    def all(self, principal: Principal) -> list[SynonymRule]:
        """Return every rule, oldest first."""
        principal.demand(Role.ADMIN)
        with self._database.reading() as session:
            return store.all_rules(session)

    def get(self, rule_id: int, principal: Principal) -> SynonymRule:
        """Return one rule.

        Raises:
            NotFound: There is no such rule.
        """
        principal.demand(Role.ADMIN)
        with self._database.reading() as session:
            return store.get(session, rule_id)

    def add(self, text: str, principal: Principal) -> SynonymRule:
        """Add a rule; searches follow at once.

        Raises:
            InvalidInput: It is no rule, or the book is full.
            Conflict: The same rule is there already.
        """
        principal.demand(Role.ADMIN)
        rule = parse_rule(text)
        with self._database.transaction() as session:
            _demand_room(store.all_rules(session))
            record = self._added(session, rule, principal)
        self._book.forget()
        return record

    def change(
        self, rule_id: int, text: str, *, expected_version: int | None, principal: Principal
    ) -> SynonymRule:
        """Replace a rule.

        Raises:
            InvalidInput: It is no rule.
            StaleVersion: Somebody else changed it since ``expected_version``.
            Conflict: Another rule says the same already.
        """
        principal.demand(Role.ADMIN)
        rule = str(parse_rule(text))
        with self._database.transaction() as session:
            record = _expected(session, rule_id, expected_version)
            other = store.by_text(session, rule)
            if other is not None and other.id != rule_id:
                raise Conflict("The rule {rule} exists already", rule=rule)
            before, record.rule, record.author = record.rule, rule, principal.name
            record.updated_at = self._clock.now()
            session.flush()
            store.touch(session)
            self._audit(session, principal, "synonym_changed", record, before=before)
        self._book.forget()
        return record

    def remove(self, rule_id: int, *, expected_version: int | None, principal: Principal) -> None:
        """Delete a rule.

        Raises:
            NotFound: There is no such rule.
            StaleVersion: Somebody else changed it since ``expected_version``.
        """
        principal.demand(Role.ADMIN)
        with self._database.transaction() as session:
            record = _expected(session, rule_id, expected_version)
            self._audit(session, principal, "synonym_removed", record)
            store.remove(session, record)
        self._book.forget()

    def import_lines(self, text: str, principal: Principal) -> SynonymImport:
        """Add one rule a line; blank lines and what follows ``#`` are skipped, known ones too."""
        principal.demand(Role.ADMIN)
        refused: list[RefusedLine] = []
        rules: dict[str, Rule] = {}
        count = 0
        for number, line in enumerate(text.splitlines(), start=1):
            content = line.partition("#")[0].strip()
            if not content:
                continue
            try:
                rule = parse_rule(content)
            except InvalidInput as error:
                refused.append(RefusedLine(line=number, text=content, error=error))
                continue
            count += 1
            rules.setdefault(str(rule), rule)
        with self._database.transaction() as session:
            stored = {record.rule for record in store.all_rules(session)}
            fresh = [rule for key, rule in rules.items() if key not in stored]
            _demand_room([*stored, *fresh[1:]])
            for rule in fresh:
                self._added(session, rule, principal)
        self._book.forget()
        return SynonymImport(added=len(fresh), known=count - len(fresh), refused=tuple(refused))

    def preview(
        self,
        text: str,
        queries: Sequence[str],
        principal: Principal,
        *,
        replaces: int | None = None,
    ) -> list[QueryPreview]:
        """Tell what queries would find with a rule that is not stored yet.

        Args:
            text: The rule.
            queries: What to try; without any, the rule's own words and those of the latest
                searches that it changes.
            principal: Who asks.
            replaces: The stored rule that it would take the place of.

        Raises:
            InvalidInput: It is no rule.
            QuerySyntaxError: A given query cannot be read.
        """
        principal.demand(Role.ADMIN)
        rule = parse_rule(text)
        with self._database.reading() as session:
            records = store.all_rules(session)
        before = SynonymBook(parse_rule(record.rule) for record in records)
        kept = (parse_rule(record.rule) for record in records if record.id != replaces)
        after = SynonymBook((*kept, rule))
        wanted = queries or self._affected(rule, before, after)
        return [
            self._compared(parse(query), before, after) for query in wanted[:MAX_PREVIEWED] if query
        ]

    def _affected(self, rule: Rule, before: SynonymBook, after: SynonymBook) -> list[str]:
        found: dict[str, None] = dict.fromkeys(rule.terms)
        for text in self._recent():
            try:
                query = parse(text)
            except QuerySyntaxError:
                continue
            if before.expand(query) != after.expand(query):
                found[text] = None
        return list(found)

    def _compared(
        self, query: SearchQuery, before: SynonymBook, after: SynonymBook
    ) -> QueryPreview:
        old, new = self._found(query, before), self._found(query, after)
        ids_old, ids_new = _ids(old), _ids(new)
        # Past the first hits a change of rank would look like a loss.
        is_whole = max(old.total, new.total) <= _COMPARED
        gained = [key for key in ids_new if key not in set(ids_old)]
        lost = [key for key in ids_old if key not in set(ids_new)] if is_whole else []
        return QueryPreview(
            query=query.raw,
            total_before=old.total,
            total_after=new.total,
            before=old.hits[:_SHOWN],
            after=new.hits[:_SHOWN],
            gained=tuple(gained),
            lost=tuple(lost),
        )

    def _found(self, query: SearchQuery, book: SynonymBook) -> SearchPage:
        return self._engine.search(replace(book.expand(query), size=_COMPARED))

    def _added(self, session: Session, rule: Rule, principal: Principal) -> SynonymRule:
        now = self._clock.now()
        record = SynonymRule(
            rule=str(rule), author=principal.name, version=1, created_at=now, updated_at=now
        )
        store.add(session, record)
        self._audit(session, principal, "synonym_added", record)
        return record

    def _version(self) -> int:
        with self._database.reading() as session:
            return store.version(session)

    def _read(self, _previous: SynonymBook | None) -> SynonymBook:
        with self._database.reading() as session:
            version = store.version(session)
            rules = [parse_rule(record.rule) for record in store.all_rules(session)]
        return SynonymBook(rules, version)

    def _audit(
        self,
        session: Session,
        principal: Principal,
        action: str,
        record: SynonymRule,
        **facts: object,
    ) -> None:
        audit.append(
            session,
            actor=principal.name,
            action=action,
            subject=f"synonym:{record.id}",
            facts={"rule": record.rule, **facts},
            now=self._clock.now(),
        )


def _expected(session: Session, rule_id: int, version: int | None) -> SynonymRule:
    record = store.get(session, rule_id, for_update=True)
    if version is not None and record.version != version:
        raise StaleVersion(
            "Synonym rule {id} is at version {version} now", id=rule_id, version=record.version
        )
    return record


def _demand_room(records: Sequence[object]) -> None:
    if len(records) >= MAX_RULES:
        raise InvalidInput("The synonym book holds at most {limit} rules", limit=MAX_RULES)


def _ids(page: SearchPage) -> list[str]:
    return [hit.id for hit in page.hits]
