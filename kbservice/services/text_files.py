"""Turns one text, Markdown or HTML document into the columns of one article row."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<head>.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_PAIR = re.compile(r"^(?P<name>[^\s:#][^:]*):[ \t]*(?P<value>.*)$")
_ITEM = re.compile(r"^[ \t]*-[ \t]+(?P<value>.+)$")
_BLOCKS = re.compile(
    r"address|article|aside|blockquote|br|dd|div|dl|dt|fieldset|footer|form|h[1-6]|header|hr|li"
    r"|main|nav|ol|p|pre|section|table|td|th|title|tr|ul"
)
_SILENT = frozenset({"script", "style", "template", "noscript"})


def read_document(text: str, name: str, suffix: str) -> dict[str, Any]:
    """Return the document's columns: its name as id, its text, its front matter if any."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if suffix in {".html", ".htm"}:
        return {"id": name, **html_text(text)}
    columns: dict[str, Any] = {}
    if suffix in {".md", ".markdown"} and (match := _FRONT_MATTER.match(text)):
        columns = _front_matter(match["head"])
        text = text[match.end() :]
    return {"id": name, **columns, "text": text}


def html_text(markup: str) -> dict[str, Any]:
    """Return the visible text of a page, and its title if it states one."""
    parser = _VisibleText()
    parser.feed(markup)
    parser.close()
    title = " ".join("".join(parser.title).split())
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return {"title": title, "text": text} if title else {"text": text}


def _front_matter(head: str) -> dict[str, Any]:
    """Read ``name: value`` pairs and lists of strings; nothing else of YAML is needed."""
    columns: dict[str, Any] = {}
    last = ""
    for line in head.split("\n"):
        if pair := _PAIR.match(line):
            last = pair["name"].strip()
            columns[last] = _scalar_or_list(pair["value"].strip())
        elif last and (item := _ITEM.match(line)):
            held = columns[last]
            columns[last] = [*(held if isinstance(held, list) else []), _unquoted(item["value"])]
    return columns


def _scalar_or_list(value: str) -> str | list[str]:
    if value.startswith("[") and value.endswith("]"):
        return [_unquoted(part) for part in value[1:-1].split(",") if part.strip()]
    return _unquoted(value)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


class _VisibleText(HTMLParser):
    """Collects what a reader of the page sees, one line per block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # its signature
        if tag in _SILENT or tag == "title":
            self._open.append(tag)
        if _BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if _BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.title.append(data)
        elif not self._open:
            self.parts.append(data.replace("\n", " "))
