"""One call of the command line: its language, its form of output, its errors."""

from __future__ import annotations

import errno
import functools
import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import click
import orjson

from kbservice import logs
from kbservice.bootstrap import Application, build
from kbservice.domain.account import SYSTEM, Principal, Role
from kbservice.errors import KbServiceError
from kbservice.locales import translate
from kbservice.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

Locale = Literal["zh_CN", "en"]
FAILED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How this call wants its answer.

    Attributes:
        as_json: One JSON object on stdout instead of text for people.
    """

    as_json: bool
    locale: Locale

    def say(self, message: str, **facts: object) -> None:
        """Print a line for people; silent under ``--json``."""
        if not self.as_json:
            click.echo(self.text(message, **facts))

    def text(self, message: str, **facts: object) -> str:
        """Return a message in the caller's language."""
        return translate(message, self.locale, **facts)

    def answer(self, data: object) -> None:
        """Print the JSON answer; silent for people."""
        if self.as_json:
            option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
            sys.stdout.write(orjson.dumps(data, option=option, default=str).decode())
            sys.stdout.flush()

    def fail(self, error: KbServiceError) -> None:
        """Print one clear line, or the problem object, on stderr."""
        detail = self.text(error.message, **error.facts)
        if self.as_json:
            problem = {
                **error.facts,
                "type": f"/problems/{error.code}",
                "title": self.text(error.title),
                "status": error.status,
                "code": error.code,
                "detail": detail,
            }
            click.echo(orjson.dumps(problem, default=str).decode(), err=True)
        else:
            click.echo(f"{self.text('error')}: {detail}", err=True)


class PoliteGroup(click.Group):
    """Turns expected failures into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an expected failure is reported, not raised."""
        try:
            return super().invoke(ctx)
        except KbServiceError as error:
            _invocation(ctx).fail(error)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            name = f"{error.filename}: " if error.filename else ""
            _invocation(ctx).fail(
                KbServiceError("{reason}", reason=f"{name}{error.strerror or error}")
            )
        return ctx.exit(FAILED)


def invoked(function: Callable[Concatenate[Invocation, P], T]) -> Callable[..., T]:
    """Give a command ``--json`` and ``--lang``, and its invocation as first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @click.option(
        "--lang", type=click.Choice(["zh", "en"]), help="Language of messages [from LANG]."
    )
    @functools.wraps(function)
    def command(*args: P.args, **options: P.kwargs) -> T:
        as_json, lang = options.pop("as_json"), options.pop("lang")
        invocation = Invocation(
            as_json=as_json is True, locale=_locale(lang if isinstance(lang, str) else None)
        )
        click.get_current_context().find_root().obj = invocation
        # A command that ends soon speaks for itself; servers configure more.
        logs.configure("console", "warning")
        return function(invocation, *args, **options)

    return command


def open_application(settings: Settings | None = None) -> Application:
    """Open the instance of this call; it is closed when the command ends."""
    application = build(settings or Settings.load())
    click.get_current_context().call_on_close(application.close)
    return application


def operator() -> Principal:
    """Return who acts: whoever may read the instance's files is its administrator."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container's user need not have a name.
        return SYSTEM
    return Principal(name=f"cli:{name}"[:80], role=Role.ADMIN, via="system")


def _invocation(context: click.Context) -> Invocation:
    found = context.find_root().obj
    if isinstance(found, Invocation):
        return found
    return Invocation(as_json="--json" in sys.argv, locale=_locale(None))


def _locale(lang: str | None) -> Locale:
    stated = lang or next(
        (value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))),
        "",
    )
    return "zh_CN" if stated.lower().startswith("zh") else "en"
