"""What a query was meant to say: corrected by spelling, by sound, or read from pinyin letters.

    outlok          outlook      English words by edit distance
    蓝平            蓝屏         Chinese words by the same sound
    lanping         蓝屏         pinyin letters
    ORA-12542       ORA-12541    codes only by one edit, and only to a known code

Words that the index knows well stay. Whether a proposal finds more is for the caller to try.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kbservice.search.documents import Clause, Expansion, SearchQuery, Term
from kbservice.search.vocabulary import Candidate, Vocabulary
from kbservice.text import han, stopwords
from kbservice.text.atoms import stem
from kbservice.text.characters import HAN
from kbservice.text.normalise import fold_text

MAX_PROPOSALS = 3
MAX_CLAUSES = 8
MAX_CHARACTERS = 80
"""Longer queries are left alone: in a sentence one mistyped word costs little, here much."""

_PIECE = re.compile(
    rf"(?P<han>[{HAN}]{{2,40}})|(?P<latin>[A-Za-z]{{4,40}}(?![\w.\-]))"
    r"|(?P<code>(?=[\w.\-]*[0-9])(?=[\w.\-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._\-]{3,29})|[\w.\-]"
)
_LETTERS = re.compile(r"[A-Za-z]{2,6}")
_WINDOWS = (4, 3, 2)
# A word that another of the same sound outnumbers so far was probably not meant.
_OUTNUMBERED = 10
_SHORTEST_PART = 3


@dataclass(frozen=True, slots=True)
class _Change:
    """A place in a text and what may stand there instead, best first."""

    start: int
    end: int
    choices: tuple[str, ...]


def proposals(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[SearchQuery]:
    """Yield corrected queries, the likeliest first; none if every word is known.

    The query must be as typed, without synonyms: operators, fields and filters stay.
    """
    if len(query.clauses) > MAX_CLAUSES or len(query.raw) > MAX_CHARACTERS:
        return
    found = itertools.chain(_joined(query, vocabulary), _corrected(query, vocabulary))
    seen = {query.clauses}
    for proposal in found:
        if proposal.clauses not in seen:
            seen.add(proposal.clauses)
            yield proposal
        if len(seen) > MAX_PROPOSALS:
            return


def widened(query: SearchQuery, vocabulary: Vocabulary) -> SearchQuery:
    """Return the query with what is nearly a fuzzy word beside it, as synonyms would be."""
    clauses, found = [], []
    for clause in query.clauses:
        added: list[Term] = []
        for term in clause.terms:
            if term.fuzzy and (texts := _alike(fold_text(term.text), vocabulary)):
                found.append(Expansion(text=term.text, added=texts))
                added += [replace(term, text=text, fuzzy=False, synonym=True) for text in texts]
        clauses.append(replace(clause, terms=(*clause.terms, *added)))
    return replace(query, clauses=tuple(clauses), expansions=(*query.expansions, *found))


def _alike(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    match = _PIECE.fullmatch(text)
    kind = match.lastgroup if match else ""
    found: Sequence[Candidate] = ()
    if kind == "han":
        found = vocabulary.sounding_like(text)
    elif kind == "latin":
        found = vocabulary.like(text.lower())
    elif kind == "code":
        found = vocabulary.codes_like(text.lower())
    return tuple(item.text for item in found if item.text != text.lower())


def _corrected(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[SearchQuery]:
    """Yield the query with the best change of each term, then with the next best ones."""
    options = [_clause_options(clause, vocabulary) for clause in query.clauses]
    if all(len(choices) == 1 for choices in options):
        return
    best = tuple(choices[min(1, len(choices) - 1)] for choices in options)
    yield replace(query, clauses=best)
    for at, choices in enumerate(options):
        for other in (*choices[2:], *choices[:1]):
            clauses = (*best[:at], other, *best[at + 1 :])
            if clauses != query.clauses:
                yield replace(query, clauses=clauses)


def _joined(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[SearchQuery]:
    """Read short unknown words in a row as one: ``lan ping`` and ``out look``."""
    clauses = query.clauses
    for size in (4, 3, 2):
        for start in range(len(clauses) - size + 1):
            group = clauses[start : start + size]
            if not all(map(_is_letters, group)):
                continue
            parts = [clause.terms[0].text.lower() for clause in group]
            if all(_is_known(part, vocabulary) for part in parts) or any(
                map(vocabulary.spelled, parts)
            ):
                continue
            letters = "".join(parts)
            words = [item.text for item in vocabulary.spelled(letters)]
            if vocabulary.frequency(stem(letters)):
                words.append(letters)
            for word in words[:1]:
                whole = Clause(terms=(replace(group[0].terms[0], text=word),))
                yield replace(query, clauses=(*clauses[:start], whole, *clauses[start + size :]))


def _is_letters(clause: Clause) -> bool:
    term = clause.terms[0]
    is_plain = len(clause.terms) == 1 and not (
        clause.negated or term.phrase or term.prefix or term.field
    )
    return is_plain and _LETTERS.fullmatch(term.text) is not None


def _clause_options(clause: Clause, vocabulary: Vocabulary) -> list[Clause]:
    """Return the clause as it is, then with one of its terms changed."""
    options = [clause]
    if clause.negated:
        return options
    for at, term in enumerate(clause.terms):
        for text in _texts(term, vocabulary):
            changed = (*clause.terms[:at], replace(term, text=text), *clause.terms[at + 1 :])
            options.append(replace(clause, terms=changed))
    return options


def _texts(term: Term, vocabulary: Vocabulary) -> Iterator[str]:
    if term.prefix or term.synonym or term.fuzzy:
        return
    text = fold_text(term.text)
    changes = list(_changes(text, vocabulary))
    for choice in range(max((len(change.choices) for change in changes), default=0)):
        yield _applied(text, changes, choice)


def _applied(text: str, changes: Sequence[_Change], choice: int) -> str:
    parts, done = [], 0
    for change in changes:
        parts += [text[done : change.start], change.choices[min(choice, len(change.choices) - 1)]]
        done = change.end
    return "".join((*parts, text[done:]))


def _changes(text: str, vocabulary: Vocabulary) -> Iterator[_Change]:
    for match in _PIECE.finditer(text):
        piece = match.group()
        if match.lastgroup == "han":
            yield from _han_changes(piece, match.start(), vocabulary)
            continue
        choices: tuple[str, ...] = ()
        if match.lastgroup == "latin":
            choices = tuple(_latin_choices(piece, vocabulary))
        elif match.lastgroup == "code":
            choices = tuple(_code_choices(piece, vocabulary))
        if choices:
            yield _Change(match.start(), match.end(), choices)


def _code_choices(code: str, vocabulary: Vocabulary) -> Iterator[str]:
    if not vocabulary.frequency(code.lower()):
        yield from _cased(vocabulary.codes_like(code.lower()), code)


def _latin_choices(word: str, vocabulary: Vocabulary) -> Iterator[str]:
    lower = word.lower()
    known = vocabulary.frequency(stem(lower))
    if known:
        # Others mistype it too: what is one letter off and far commoner was meant.
        likelier = [
            item
            for item in vocabulary.like(lower)
            if item.distance == 1 and item.frequency > _OUTNUMBERED * known
        ]
        yield from _cased(likelier, word)
        return
    yield from (item.text for item in vocabulary.spelled(lower)[:2])
    yield from _cased(_nearest(vocabulary.like(lower)), word)
    for at in range(_SHORTEST_PART, len(lower) - _SHORTEST_PART + 1):
        if _is_known(lower[:at], vocabulary) and _is_known(lower[at:], vocabulary):
            yield f"{lower[:at]} {lower[at:]}"


def _nearest(found: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return those one edit away, or else all: beside them, another word only co-occurs."""
    return [item for item in found if item.distance <= 1] or found


def _is_known(word: str, vocabulary: Vocabulary) -> bool:
    return vocabulary.frequency(stem(word.lower())) > 0


def _cased(found: Sequence[Candidate], typed: str) -> Iterator[str]:
    """Write what was found as the reader writes: all capitals, or a capital first."""
    for item in found:
        if typed.isupper():
            yield item.text.upper()
        else:
            yield item.text.capitalize() if typed[:1].isupper() else item.text


def _han_changes(run: str, at: int, vocabulary: Vocabulary) -> Iterator[_Change]:
    """Find windows of a run that sound like a word which the index holds far more often."""
    found = [
        _Change(at + start, at + start + size, choices)
        for size in _WINDOWS
        for start in range(len(run) - size + 1)
        if (choices := _han_choices(run, start, size, vocabulary))
    ]
    taken: set[int] = set()
    for change in found:
        places = set(range(change.start, change.end))
        if taken.isdisjoint(places):
            taken |= places
            yield change


def _han_choices(run: str, start: int, size: int, vocabulary: Vocabulary) -> tuple[str, ...]:
    window = run[start : start + size]
    if window in stopwords.CHINESE or _cuts_a_word(run, start, size, vocabulary):
        return ()
    known = vocabulary.frequency(window)
    # A word of the language was hardly typed for one that only sounds similar.
    furthest = 0 if known or han.is_word(window) else 1
    return tuple(
        item.text
        for item in vocabulary.sounding_like(window)
        if item.frequency > _OUTNUMBERED * known
        and item.distance <= furthest
        and len(item.text) == size
    )


def _cuts_a_word(run: str, start: int, size: int, vocabulary: Vocabulary) -> bool:
    """Tell whether a window takes a part, but not the whole, of a word of index or language."""
    at = 0
    for word in han.words(run):
        end = at + len(word)
        overlaps = at < start + size and start < end
        is_inside = start <= at and end <= start + size
        if overlaps and not is_inside and len(word) > 1 and _is_word(word, vocabulary):
            return True
        at = end
    return False


def _is_word(word: str, vocabulary: Vocabulary) -> bool:
    return vocabulary.frequency(word) > 0 or word in stopwords.CHINESE or han.is_word(word)
