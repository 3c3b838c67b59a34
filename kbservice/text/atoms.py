r"""What is not Chinese: words, codes, versions, paths, addresses, taken apart into search terms.

An atom is one unbroken piece such as ``ORA-12541`` or ``C:\logs\app.log``. It is kept whole
and in parts, so that a reader finds it by any spelling he remembers. All patterns are linear:
classes of neighbouring parts do not overlap, and repeats are possessive where they could retry.
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import snowballstemmer

from kbservice.text import stopwords
from kbservice.text.characters import UNSPACED

VERSION: Final = importlib.metadata.version("snowballstemmer")

_LONGEST_TERM: Final = 96
_WORD: Final = rf"[^\W_{UNSPACED}]"
_URL_CHAR: Final = r"A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%"

# Tried in this order at each place; the last one takes what the others leave.
PATTERN: Final = "|".join(
    (
        rf"[A-Za-z][A-Za-z0-9+.\-]{{1,15}}://[{_URL_CHAR}]*[A-Za-z0-9/_=\-]",  # URL
        r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@[A-Za-z0-9\-]++(?:\.[A-Za-z0-9\-]++)+",  # e-mail
        r"[A-Za-z]:[\\/](?!/)[A-Za-z0-9_.\\/\-$~%+@#]*+",  # C:\Windows
        r"\\\\[A-Za-z0-9_.\\\-$]++",  # \\host\share
        r"(?<![A-Za-z0-9])~?(?:/[A-Za-z0-9_.\-+@%]++){2,}+",  # /var/log
        r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![A-Za-z0-9_:])",  # IPv6, MAC, 09:15:30
        r"[A-Za-z]\+\+|[CFJcfj]\#(?![A-Za-z0-9])",  # C++, C#
        r"[A-Za-z]/[A-Za-z](?![A-Za-z0-9])",  # I/O
        r"(?<![A-Za-z0-9_.])\.[A-Za-z][A-Za-z0-9]{1,9}(?![A-Za-z0-9_])",  # .NET, .docx
        rf"{_WORD}++(?:(?:[.\-\\@]|_{{1,3}}|::|:(?=[0-9])){_WORD}++)*+",
    )
)

_SEGMENT: Final = re.compile(r"[^/\\:@?&=#,;%!$()\[\]~*]+")
_PART: Final = re.compile(r"[^\W\d_]+|\d+")
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_HEX: Final = re.compile(r"0[xX]([0-9A-Fa-f]+)")
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_VERSION: Final = re.compile(r"(?<![\d.])(\d{1,9}\.\d{1,9})(?:\.\d{1,9}){0,3}(?![\d.])")
_CONNECTOR: Final = re.compile(r"[._\-]+")
# Parts of the commonest addresses that would match every other address.
_ADDRESS_NOISE: Final = frozenset({"http", "https", "www", "com", "cn"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A search term of an atom and where in the atom it stands."""

    term: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom taken apart.

    Attributes:
        pieces: Terms for the word stream, the whole first.
        words: The terms of ``pieces``.
        identifiers: Terms to match verbatim: they hold a digit or punctuation.
        head: The form in which it pairs with its neighbours, empty for a stop word.
        plain: Made of letters only.
    """

    pieces: tuple[Piece, ...]
    words: tuple[str, ...]
    identifiers: tuple[str, ...]
    head: str
    plain: bool


_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = threading.Lock()  # the stemmer keeps its word in itself


@functools.lru_cache(1 << 17)
def stem(word: str) -> str:
    """Return the Snowball stem of a lower-case word; other scripts stay as they are."""
    if not word.isascii():
        return word
    with _stemmer_lock:
        found: str = _stemmer.stemWord(word)
    return found


def take_apart(text: str, *, keep_stop: bool = False) -> Atom:
    """Take one atom apart; ``keep_stop`` keeps stop words."""
    if len(text) > _LONGEST_TERM:  # rare, and too large to remember
        return _take_apart(text, keep_stop)
    return _remembered(text, keep_stop)


def _take_apart(text: str, keep_stop: bool) -> Atom:  # noqa: FBT001 (the cache key)
    if text.isalpha():
        return _plain_word(text, keep_stop=keep_stop)
    pieces: dict[str, Piece] = {}
    for piece in _compound(text.rstrip(".-"), keep_stop=keep_stop):
        pieces.setdefault(piece.term, piece)
    kept = tuple(pieces.values())
    words = tuple(piece.term for piece in kept)
    identifiers = tuple(term for term in words if _is_identifier(term))
    return Atom(kept, words, identifiers, words[0], plain=False)


_remembered = functools.lru_cache(1 << 16)(_take_apart)


def _plain_word(text: str, *, keep_stop: bool) -> Atom:
    lower = text.lower()
    if not keep_stop and _is_stop(text, lower):
        return Atom((), (), (), "", plain=True)
    head = stem(_cut(lower))
    pieces = (Piece(head, 0, len(text)), *_humps(text, 0, keep_stop=keep_stop))
    return Atom(pieces, tuple(piece.term for piece in pieces), (), head, plain=True)


def _compound(text: str, *, keep_stop: bool) -> Iterator[Piece]:
    """Yield the whole, then each segment between separators with its parts."""
    yield Piece(_cut(text.lower()), 0, len(text))
    for match in _SEGMENT.finditer(text):
        segment, start = match.group().strip("._-+"), match.start()
        start += len(match.group()) - len(match.group().lstrip("._-+"))
        if not segment or segment.lower() in _ADDRESS_NOISE:
            continue
        if segment.isalpha():
            yield from _parts(segment, start, keep_stop=keep_stop)
        elif len(segment) > 1:
            yield from _segment(segment, start, keep_stop=keep_stop)


def _segment(text: str, at: int, *, keep_stop: bool) -> Iterator[Piece]:
    whole = (at, at + len(text))
    yield Piece(_cut(text.lower()), *whole)
    if _ADDRESS.fullmatch(text):
        return
    if code := _HEX.fullmatch(text):
        # Stop codes are written with and without the prefix and the leading zeros.
        digits = code[1].lower()
        yield Piece(_cut(digits), *whole)
        yield Piece(_cut("0x" + (digits.lstrip("0") or "0")), *whole)
        return
    for version in _VERSION.finditer(text):
        yield Piece(version[0], at + version.start(), at + version.end())
        yield Piece(version[1], at + version.start(1), at + version.end(1))
    yield from _parts(text, at, keep_stop=keep_stop)
    if 1 <= len(_CONNECTOR.findall(text)) <= 2 and not _VERSION.search(text):  # noqa: PLR2004
        yield Piece(_cut(_CONNECTOR.sub("", text.lower())), *whole)  # Wi-Fi, wifi


def _parts(text: str, at: int, *, keep_stop: bool) -> Iterator[Piece]:
    """Yield words and numbers of two and more characters; single ones match everything."""
    for match in _PART.finditer(text):
        part, start = match.group(), at + match.start()
        if len(part) < 2 or (not keep_stop and _is_stop(part, part.lower())):  # noqa: PLR2004
            continue
        yield Piece(stem(_cut(part.lower())), start, start + len(part))
        yield from _humps(part, start, keep_stop=keep_stop)


def _humps(word: str, at: int, *, keep_stop: bool) -> Iterator[Piece]:
    """Yield the words of a camelCase name."""
    if word.islower() or word.isupper() or word.istitle() or not word.isascii():
        return
    for match in _CAMEL.finditer(word):
        part = match.group().lower()
        if len(part) > 1 and (keep_stop or part not in stopwords.ENGLISH):
            yield Piece(stem(part), at + match.start(), at + match.end())


def _is_stop(text: str, lower: str) -> bool:
    return lower in stopwords.ENGLISH and text not in stopwords.ABBREVIATIONS


def _is_identifier(term: str) -> bool:
    """Tell a code from a word or a bare number."""
    return len(term) > 2 and not term.isalpha() and not term.isdigit()  # noqa: PLR2004


def _cut(term: str) -> str:
    return term[:_LONGEST_TERM]
