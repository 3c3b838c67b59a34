"""Every sentence that people read has its Chinese translation, with the same placeholders."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import kbservice
from kbservice import errors
from kbservice.domain.article import SECTIONS, ArticleState, Visibility
from kbservice.domain.job import JobState
from kbservice.locales import translate
from kbservice.services.knowledge import VERIFICATIONS
from kbservice.services.resolution import OUTCOMES
from kbservice.web import problem_types
from kbservice.web.api.contract import _EXPECTED
from kbservice.web.pages.ranker import FEATURES

PACKAGE = Path(kbservice.__file__).parent
IN_TEMPLATES = re.compile(r"""\b_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
PLACEHOLDER = re.compile(r"\{\w+\}")
# Calls whose first text is shown to people, besides the constructors of our errors.
SPEAKING = {
    *("translate", "_", "say", "BadRequest", "UnsupportedMediaType", "MalformedJson"),
    *("Obstacle", "_note", "Told"),
}
# Words of closed sets that templates look up by value.
WORDS = {
    *SECTIONS,
    *OUTCOMES,
    *VERIFICATIONS,
    *(state.value for state in (*ArticleState, *Visibility, *JobState)),
    *("article", "ticket", "kind", "category", "product", "tag", "version", "state"),
    *("title", "text", "tags", "symptoms"),
    *("Category", "Priority", "Kind", "changed", "retired", "deleted"),
    *("high", "medium", "low", "person", "classifier", "rule", "urgency", "import"),
    *("rebuild_index", "train_classifier", "train_ranker", "name", "contact", "department"),
    *FEATURES.values(),
    *("database", "audit", "index", "outbox", "worker", "keys", "disk", "store", "drift"),
    *("ranker", "ok", "generation", "documents", "took_s", "release", "lessons"),
}


@cache
def catalogue() -> dict[str, str]:
    with files("kbservice.locales").joinpath("zh_CN.po").open("rb") as stream:
        return {
            str(message.id): str(message.string)
            for message in read_po(stream, locale="zh_CN")
            if message.id
        }


def error_names() -> set[str]:
    for module in pkgutil.walk_packages(kbservice.__path__, "kbservice."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {kind.__name__ for kind in every_error(errors.KbServiceError)}


def every_error(kind: type[errors.KbServiceError]) -> Iterator[type[errors.KbServiceError]]:
    yield kind
    for part in kind.__subclasses__():
        yield from every_error(part)


def name_of(call: ast.Call) -> str:
    function = call.func
    return getattr(function, "id", "") or getattr(function, "attr", "")


def texts(arguments: list[ast.expr]) -> list[str]:
    return [
        argument.value
        for argument in arguments
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def spoken(call: ast.Call, error_types: set[str]) -> list[str]:
    """Return what a call says: messages, and what ``InvalidInput.of`` expected."""
    name = name_of(call)
    if name in error_types or name in SPEAKING:
        return texts(call.args[:1])
    of_error = name == "of" and getattr(getattr(call.func, "value", None), "id", "") in error_types
    if of_error:
        return texts(call.args[1:2])
    return texts(call.args[1:3]) if name in {"_error", "refusal"} else []


def said_in_source() -> set[str]:
    error_types = error_names()
    return {
        text
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        for text in spoken(node, error_types)
    }


def said_in_templates() -> set[str]:
    return {
        double or single
        for path in (PACKAGE / "web" / "templates").rglob("*.html")
        for double, single in IN_TEMPLATES.findall(path.read_text("utf-8"))
    }


def said_of_problems() -> set[str]:
    kinds = list(problem_types.every())
    return {kind.title for kind in kinds} | {kind.explanation for kind in kinds}


@pytest.mark.parametrize(
    "said",
    [said_in_source, said_in_templates, said_of_problems],
    ids=["source", "templates", "problems"],
)
def test_everything_said_is_translated(said: Callable[[], set[str]]) -> None:
    assert [] == sorted(said() - catalogue().keys())


def test_words_of_closed_sets_are_translated() -> None:
    assert [] == sorted((WORDS | set(_EXPECTED.values())) - catalogue().keys())


def test_a_translation_has_the_placeholders_of_its_message() -> None:
    differing = [
        message
        for message, translation in catalogue().items()
        if set(PLACEHOLDER.findall(message)) != set(PLACEHOLDER.findall(translation))
    ]

    assert [] == differing


def test_no_translation_is_empty() -> None:
    assert [] == [message for message, translation in catalogue().items() if not translation]


def test_no_entry_stands_twice() -> None:
    text = files("kbservice.locales").joinpath("zh_CN.po").read_text("utf-8")
    ids = re.findall(r"^msgid (.+)$", text, re.MULTILINE)

    assert len(ids) == len(set(ids))


def test_an_error_is_told_in_chinese() -> None:
    error = errors.NotFound("Article {id} does not exist", id="KB-000001")

    assert "文章 KB-000001 不存在" == translate(error.message, "zh_CN", **error.facts)


def test_what_has_no_translation_stays_english() -> None:
    assert "An unheard-of message" == translate("An unheard-of message", "zh_CN")
