"""What goes into an index and what comes out of it: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

DocumentKind = Literal["article", "ticket"]
Sort = Literal["relevance", "newest", "solved"]
Relaxation = Literal["", "dropped", "any"]
"""How a query was loosened: not at all; words were given up; any one word is enough."""
SortKey = tuple[float, float, str]
"""A hit's place in the order, ascending: what it is sorted by (negated), then what, then its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """One article or one resolved ticket, as the engine sees it.

    Attributes:
        id: Unique over both kinds: an article's id, a ticket's number.
        sections: Named texts in reading order (problem, environment, cause, solution, faq;
            a ticket has problem and solution).
        symptoms: Wording of tickets that this document solved; matched with little weight.
        voices: How many people stand behind its outcomes; None if that was never counted.
        failures_heard: How many failures count, of one person only a few; None: all.
        revision: An older revision never replaces a newer one.
    """

    id: str
    kind: DocumentKind
    title: str
    sections: tuple[tuple[str, str], ...] = ()
    symptoms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: str = ""
    priority: str = ""
    product: str = ""
    version: str = ""
    state: str = "published"
    visibility: Literal["public", "internal"] = "internal"
    language: str = ""
    article_id: str = ""
    solved_count: int = 0
    failed_count: int = 0
    voices: int | None = None
    failures_heard: int | None = None
    verification: str = "unverified"
    last_success_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = 1

    @property
    def text(self) -> str:
        """All sections as one text."""
        return "\n".join(text for _, text in self.sections if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a hit must satisfy besides matching; an empty field restricts nothing.

    Values within one field are alternatives; fields are combined with AND.

    Attributes:
        also: (field, values) pairs; a hit must have one of the values of each besides.
        exclude: Ids that are no hits.
        without: (field, value) pairs; a document that has the value is no hit.
    """

    kind: DocumentKind | None = None
    category: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    visibility: tuple[str, ...] = ()
    also: tuple[tuple[str, tuple[str, ...]], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    exclude: tuple[str, ...] = ()
    without: tuple[tuple[str, str], ...] = ()


NO_FILTERS = Filters()
FOR_FORMS = Filters(kind="article", visibility=("public",))
"""What an intake form may see and learn of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word, an identifier or a run of Han characters, as typed.

    Attributes:
        field: ``title``, ``text`` or a filter field; empty for everywhere.
        phrase: The characters or words must stand together in this order.
        prefix: Matches every word that starts with ``text``.
        fuzzy: Words that are spelled or sound nearly so are searched besides.
        column: 1-based place in the raw query.
        synonym: Added by the synonym book, not typed.
    """

    text: str
    field: str = ""
    phrase: bool = False
    prefix: bool = False
    fuzzy: bool = False
    column: int = 1
    synonym: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """Alternatives joined by OR, of which one must (or, if negated, none may) match.

    Attributes:
        required: Written with a plus: never given up where nothing holds all words.
    """

    terms: tuple[Term, ...]
    negated: bool = False
    required: bool = False

    @property
    def own(self) -> tuple[Term, ...]:
        """The terms that were typed."""
        return tuple(term for term in self.terms if not term.synonym)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What was searched besides: the words of the query, and what stands for the same."""

    text: str
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A parsed query: every clause must hold, ``filters`` too.

    A query without a clause matches everything the filters allow.

    Attributes:
        after: Only hits that rank behind this place; ``page`` is 1 then, and ``total`` and
            facets still count every match.
        expansions: What the synonym book added; its terms are marked in the clauses.
    """

    raw: str = ""
    clauses: tuple[Clause, ...] = ()
    filters: Filters = NO_FILTERS
    sort: Sort = "relevance"
    size: int = 10
    page: int = 1
    after: SortKey | None = None
    explain: bool = False
    expansions: tuple[Expansion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a document was found: a term, where it stood, its part of the score."""

    term: str
    field: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One found document.

    Attributes:
        snippet_html: Escaped text with ``<mark>`` around what matched; safe to print.
        title_html: The title, likewise.
    """

    document: SearchDocument
    score: float
    title_html: str = ""
    snippet_html: str = ""
    why: tuple[Reason, ...] = ()

    @property
    def id(self) -> str:
        """The document's id."""
        return self.document.id


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """What the index holds now.

    Attributes:
        generation: Number of the generation that answers, 0 if there is none.
        commit: Number of the last commit inside the generation.
        sequence: Last outbox sequence whose change is visible.
        stands_in_for: Number of the damaged generation that it answers in place of, 0 if of none.
        whole: False while damaged files make it rank by words alone.
        built_at: When the generation was built; None if that was not recorded.
        changed_at: When its last commit was written.
    """

    generation: int
    documents: int
    sequence: int
    analyzer: str
    stands_in_for: int = 0
    whole: bool = True
    size_bytes: int = 0
    built_at: datetime | None = None
    changed_at: datetime | None = None
    commit: int = 0

    @property
    def complete(self) -> bool:
        """False while an older generation stands in, which lacks what was changed since."""
        return not self.stands_in_for


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of hits, best first.

    Attributes:
        facets: Field name to (value, count) pairs, the 50 most frequent ones, most frequent first.
        read_as: How the query was understood, in the syntax a user could type.
        relaxed: True if no document held all words and they were loosened.
        relaxation: How.
        dropped: The words that were given up, as they were typed.
        more_after: The place of the last hit if others rank behind it.
    """

    hits: tuple[SearchHit, ...]
    total: int
    terms: tuple[str, ...] = ()
    read_as: str = ""
    relaxed: bool = False
    relaxation: Relaxation = ""
    dropped: tuple[str, ...] = ()
    more_after: SortKey | None = None
    facets: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    did_you_mean: str = ""
    state: IndexState | None = None
