"""Reads the cells of CSV text and XLSX workbooks, with the line each row starts on."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from kbservice.errors import InvalidInput

Cells = Sequence[Any]

_DELIMITERS = (",", ";", "\t")
_MAX_CELL_CHARS = 5_000_000


def csv_cells(text: str) -> Iterator[tuple[int, Cells]]:
    """Yield each record of a CSV text; the delimiter is the one that splits its head best."""
    csv.field_size_limit(_MAX_CELL_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput.of("file", "CSV", f"{error} (line {line})") from error


def xlsx_cells(data: bytes) -> Iterator[tuple[str, Iterator[tuple[int, Cells]]]]:
    """Yield each worksheet's name with its rows; formulas count as their last result.

    Raises:
        InvalidInput: The bytes are not an XLSX workbook.
    """
    with warnings.catch_warnings():
        # openpyxl warns of styles and validations that it does not keep; only text is read.
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
            raise InvalidInput.of("file", "an XLSX workbook", str(error)) from error
        try:
            for sheet in book.worksheets:
                yield sheet.title, _sheet_cells(sheet)
        finally:
            book.close()


def _sheet_cells(sheet: Any) -> Iterator[tuple[int, Cells]]:
    # A workbook may state a wrong dimension, which would hide cells.
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield line, [_cell(value) for value in cells]


def _cell(value: Any) -> Any:
    """Return numbers as they are shown (a phone is no float) and errors as empty."""
    if isinstance(value, str):
        text = value.strip()
        return None if text.startswith("#") and text.endswith(("!", "?", "/A")) else text
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _delimiter(text: str) -> str:
    head = text[:64_000]

    def width(delimiter: str) -> int:
        rows = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        try:
            return max((len(cells) for cells, _ in zip(rows, range(5), strict=False)), default=0)
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=width)
