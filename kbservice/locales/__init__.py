"""Messages in the reader's language; the English sentence is the key.

A catalogue is ``LOCALE.po`` in this folder, read as it stands: there is no compiled form
that could be out of date. What has no translation is shown in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po


def translate(message: str, locale: str, /, **facts: object) -> str:
    """Return a message in a language, its ``{placeholders}`` filled from ``facts``."""
    return _catalogue(locale).get(message, message).format_map(facts)


def translator(locale: str) -> Callable[[str], str]:
    """Return the look-up of one language; placeholders stay as they are."""
    catalogue = _catalogue(locale)
    return lambda message: catalogue.get(message, message)


@cache
def _catalogue(locale: str) -> Mapping[str, str]:
    path = files(__name__).joinpath(f"{locale}.po")
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        return {
            message.id: message.string
            for message in read_po(stream, locale=locale)
            if isinstance(message.id, str) and isinstance(message.string, str) and message.string
        }
