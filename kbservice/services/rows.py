"""Reads import files into rows: formats and encodings, never what a column means.

JSON lines, a JSON array, CSV, XLSX, and text documents (one row each); ``.gz`` of these.
A row that cannot be read becomes a BadRow with its line, so that the rest goes in.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from kbservice.errors import InvalidInput, NotFound
from kbservice.services.tables import Cells, csv_cells, xlsx_cells
from kbservice.services.text_files import read_document
from kbservice.text.encodings import decode

_DOCUMENTS = frozenset({".txt", ".text", ".md", ".markdown", ".html", ".htm"})
_HEADING_SEARCH_DEPTH = 10
_MIN_KNOWN_HEADINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record as the file states it, heading to value.

    Attributes:
        warnings: What was wrong with the bytes of the whole document.
    """

    source: str
    line: int
    values: dict[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A record that could not be read, and why."""

    source: str
    line: int
    reason: str


KnownHeading = Callable[[str], bool]


def read_rows(path: Path, known_heading: KnownHeading) -> Iterator[Row | BadRow]:
    """Yield the rows of a file, or of every text document below a folder.

    Args:
        path: File or folder.
        known_heading: Tells headings from the title lines that registers put above them.

    Raises:
        NotFound: There is no such file.
        InvalidInput: The format is not one of those above.
    """
    if path.is_dir():
        yield from _folder_rows(path)
        return
    if not path.is_file():
        raise NotFound("File {path} does not exist", path=str(path))
    data, suffix = _content(path)
    if suffix in {".csv", ".tsv", ".xlsx"}:
        yield from _sheets(data, suffix, path.name, known_heading)
    elif suffix in {".jsonl", ".ndjson"}:
        yield from _json_lines(data, path.name)
    elif suffix == ".json":
        yield from _json_array(data, path.name)
    elif suffix in _DOCUMENTS:
        yield _document_row(data, path.name, suffix)
    else:
        raise InvalidInput.of("file", ".jsonl .json .csv .xlsx .txt .md .html", path.name)


def _sheets(
    data: bytes, suffix: str, name: str, known_heading: KnownHeading
) -> Iterator[Row | BadRow]:
    if suffix != ".xlsx":
        yield from _table_rows(csv_cells(decode(data).text), name, known_heading)
        return
    for sheet, cells in xlsx_cells(data):
        yield from _table_rows(cells, f"{name}[{sheet}]", known_heading)


def _folder_rows(folder: Path) -> Iterator[Row | BadRow]:
    documents = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _DOCUMENTS)
    if not documents:
        raise NotFound("Folder {path} holds no text documents", path=str(folder))
    for path in documents:
        name = path.relative_to(folder).as_posix()
        try:
            yield _document_row(path.read_bytes(), name, path.suffix.lower())
        except OSError as error:
            yield BadRow(source=name, line=1, reason=error.strerror or str(error))


def _content(path: Path) -> tuple[bytes, str]:
    data = path.read_bytes()
    if path.suffix.lower() != ".gz":
        return data, path.suffix.lower()
    try:
        return gzip.decompress(data), Path(path.stem).suffix.lower()
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput.of("file", "an intact gzip file", path.name) from error


def _document_row(data: bytes, name: str, suffix: str) -> Row:
    decoded = decode(data)
    values = read_document(decoded.text, name, suffix)
    return Row(source=name, line=1, values=values, warnings=decoded.warnings)


def _json_lines(data: bytes, source: str) -> Iterator[Row | BadRow]:
    # Only the line feed ends a line: U+2028 and others may stand inside a string.
    for line, text in enumerate(decode(data).text.split("\n"), start=1):
        if text.strip():
            yield _json_row(text, source, line)


def _json_row(text: str, source: str, line: int) -> Row | BadRow:
    try:
        values = orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError as error:
        return BadRow(source=source, line=line, reason=f"not JSON: {error.msg}")
    return _object_row(values, source, line)


def _object_row(values: object, source: str, line: int) -> Row | BadRow:
    if not isinstance(values, dict):
        kind = type(values).__name__
        return BadRow(source=source, line=line, reason=f"expected an object, got {kind}")
    return Row(source=source, line=line, values=values)


def _json_array(data: bytes, source: str) -> Iterator[Row | BadRow]:
    try:
        content = orjson.loads(decode(data).text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError as error:
        raise InvalidInput.of("file", "JSON", f"{error.msg} ({source})") from error
    if isinstance(content, dict):
        # Exports of other systems wrap their list: {"tickets": [...], "count": 3}.
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else [content]
    if not isinstance(content, list):
        raise InvalidInput.of("file", "a JSON array of objects", source)
    for number, values in enumerate(content, start=1):
        yield _object_row(values, source, number)


def _table_rows(
    lines: Iterator[tuple[int, Cells]], source: str, known_heading: KnownHeading
) -> Iterator[Row | BadRow]:
    filled = ((line, cells) for line, cells in lines if any(cells))
    head: list[tuple[int, Cells]] = []
    for item in filled:
        head.append(item)
        if len(head) == _HEADING_SEARCH_DEPTH or _is_heading(item[1], known_heading):
            break
    if not head:
        return
    place = next((i for i, (_, cells) in enumerate(head) if _is_heading(cells, known_heading)), 0)
    headings = _distinct([str(cell or "").strip() for cell in head[place][1]])
    for line, cells in head[place + 1 :]:
        yield _cells_row(headings, cells, source, line)
    for line, cells in filled:
        yield _cells_row(headings, cells, source, line)


def _is_heading(cells: Cells, known_heading: KnownHeading) -> bool:
    known = sum(isinstance(cell, str) and known_heading(cell) for cell in cells)
    return known >= _MIN_KNOWN_HEADINGS


def _distinct(headings: list[str]) -> list[str]:
    """Number the repeats, so that no column hides another."""
    seen: dict[str, int] = {}
    result = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        result.append(heading if seen[heading] == 1 else f"{heading} ({seen[heading]})")
    return result


def _cells_row(headings: list[str], cells: Cells, source: str, line: int) -> Row | BadRow:
    beyond = [cell for cell in cells[len(headings) :] if cell not in (None, "")]
    if beyond:
        reason = f"{len(cells)} cells under {len(headings)} headings"
        return BadRow(source=source, line=line, reason=reason)
    values = {
        heading or f"column {number}": cell
        for number, (heading, cell) in enumerate(zip(headings, cells, strict=False), start=1)
        if cell not in (None, "")
    }
    return Row(source=source, line=line, values=values)
