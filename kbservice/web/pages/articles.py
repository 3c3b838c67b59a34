"""Article pages: list, reading, writing, publishing."""

from __future__ import annotations

import nh3
from flask import flash, render_template, request
from markdown_it import MarkdownIt
from werkzeug.wrappers import Response

from kbservice.domain.account import Role
from kbservice.domain.article import Article
from kbservice.errors import Conflict, InvalidInput
from kbservice.services.knowledge import NewArticle
from kbservice.store.articles import ArticleFilter
from kbservice.web.context import application, principal, translate
from kbservice.web.pages.blueprint import pages, see_other
from kbservice.web.problem import rendered
from kbservice.web.security import requires

_PAGE_SIZE = 50
_FIELDS = ("problem", "environment", "cause", "solution")
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(
    "table"
)


def to_html(text: str) -> str:
    """Render an article's Markdown; only harmless elements survive."""
    return nh3.clean(_MARKDOWN.render(text), url_schemes={"http", "https", "mailto"})


@pages.get("/articles")
@requires(Role.AGENT)
def article_list() -> str:
    """Show articles, latest change first."""
    state = request.args.get("state", "")
    page = application().knowledge.page(
        ArticleFilter(state=(state,) if state else ()),
        after=request.args.get("after"),
        limit=_PAGE_SIZE,
        principal=principal(),
    )
    return render_template(
        "articles/list.html",
        articles=page.items,
        next=page.next,
        state=state,
        can_publish=_can_publish(),
    )


@pages.get("/articles/new")
@requires(Role.AGENT)
def article_new() -> str:
    """Show the form: empty, or with the words of those whom no article answers."""
    if (gap_id := request.args.get("gap", "")) and _can_publish():
        gap = application().gaps.get(gap_id, principal())
        problem = "\n".join(f"- {words}" for words in gap.words)
        return _form({"gap": gap_id, "title": gap.title, "problem": problem})
    return _form({})


@pages.post("/articles")
@requires(Role.AGENT)
def article_create() -> Response | tuple[str, int]:
    """Store a draft and show it."""
    form = request.form
    new = NewArticle(
        title=form.get("title", ""),
        sections={name: text for name in _FIELDS if (text := form.get(name, "").strip())},
        tags=tuple(tag for part in form.get("tags", "").split(",") if (tag := part.strip())),
        product=form.get("product", ""),
        version=form.get("version", ""),
    )
    try:
        article = application().knowledge.create(new, principal())
    except InvalidInput as error:
        return _form(form.to_dict(), rendered(error)), error.status
    if (gap_id := form.get("gap", "")) and _can_publish():
        application().gaps.settle(gap_id, "written", principal(), article_id=article.id)
    return see_other("pages.article", article_id=article.id)


@pages.get("/articles/<path:article_id>")
@requires(Role.INTAKE)
def article(article_id: str) -> str:
    """Show one article."""
    reader = principal()
    found = application().knowledge.get(article_id, reader)
    usage = application().knowledge.usage(article_id, reader) if reader.is_staff else None
    return render_template(
        "articles/show.html",
        article=found,
        sections=[(name, to_html(text)) for name, text in found.sections.items()],
        usage=usage,
        can_publish=_can_publish(),
    )


@pages.post("/articles/<path:article_id>/publish")
@requires(Role.LEAD)
def article_publish(article_id: str) -> Response:
    """Publish an article."""
    return _moved(article_id, "publish")


@pages.post("/articles/<path:article_id>/retire")
@requires(Role.LEAD)
def article_retire(article_id: str) -> Response:
    """Retire an article."""
    return _moved(article_id, "retire")


def _moved(article_id: str, step: str) -> Response:
    knowledge = application().knowledge
    try:
        moved: tuple[Article, int] = (
            knowledge.publish(article_id, principal())
            if step == "publish"
            else knowledge.retire(article_id, principal())
        )
    except Conflict as error:
        flash(rendered(error))
    else:
        is_visible = application().indexing.wait_until_visible(moved[1], timeout_s=2.0)
        flash(translate("Done." if is_visible else "Done; search follows in a moment."))
    return see_other("pages.article", article_id=article_id)


def _can_publish() -> bool:
    return principal().role.covers(Role.LEAD)


def _form(form: dict[str, str], error: str = "") -> str:
    return render_template("articles/new.html", form=form, error=error)
