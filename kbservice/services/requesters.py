"""Who asked, as registers write it: several facts in one cell, stars already in place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kbservice.errors import InvalidInput
from kbservice.services.cells import read_text
from kbservice.text.masking import mask_contact, mask_name
from kbservice.vault import Vault

REQUESTER_FIELDS = ("name", "contact", "department")
WORDING = ("title", "body", "environment")

# A phone number (with stars or without), an extension, an e-mail address.
_CONTACT = re.compile(
    r"[\w.+*-]+@[\w.*-]+\.\w+|(?:分机|ext\.?)[:：\s]*\d{2,6}"
    r"|(?:tel\.?|电话|手机)?[:：\s]*\+?\d[\d*\-\s]{3,}\d",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[/／,，;；、|\n]+")


def read_requester(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return name, contact and department from whichever columns hold them.

    Raises:
        InvalidInput: ``requester`` is neither an object nor text.
    """
    given = fields.get("requester")
    if isinstance(given, dict):
        found = {name: read_text(f"requester.{name}", given.get(name)) for name in REQUESTER_FIELDS}
    elif isinstance(given, str | int | None):
        found = _split(read_text("requester", given))
    else:
        raise InvalidInput.of("requester", "name, contact, department", type(given).__name__)
    parts = (
        _split(read_text("requester", fields.get("requester_info"))),
        _company_and_person(read_text("requester", fields.get("requester_name"))),
        {
            "contact": read_text("contact", fields.get("contact")),
            "department": read_text("department", fields.get("requester_department")),
        },
    )
    for part in parts:
        found |= {name: value for name, value in part.items() if value}
    return {name: value for name in REQUESTER_FIELDS if (value := found.get(name, ""))}


def masked(requester: Mapping[str, str]) -> dict[str, str]:
    """Return the requester for display; what is masked already stays as it is."""
    name, contact = requester.get("name", ""), requester.get("contact", "")
    return {
        "name": name if "*" in name else mask_name(name),
        "contact": contact if "*" in contact else mask_contact(contact),
        "department": requester.get("department", ""),
    }


def seal(vault: Vault, number: str, plain: Mapping[str, str]) -> str:
    """Encrypt the requester and the ticket's unredacted words, as intake does."""
    whole = {name: plain.get(name, "") for name in (*REQUESTER_FIELDS, *WORDING)}
    return vault.seal(json.dumps(whole, ensure_ascii=False), _context(number))


def unseal(vault: Vault, number: str, sealed: str | None) -> dict[str, str]:
    """Return what ``seal`` hid; empty for a ticket without."""
    if not sealed:
        return {}
    plain: dict[str, str] = json.loads(vault.open(sealed, _context(number)))
    return plain


def _context(number: str) -> str:
    return f"tickets.requester_sealed:{number}"


def _company_and_person(text: str) -> dict[str, str]:
    """Read 客户名称/联系人 such as 某科技有限公司/张经理."""
    company, mark, person = text.partition("/")
    return {"name": person.strip(), "department": company.strip()} if mark else {"name": text}


def _split(text: str) -> dict[str, str]:
    """Read name, department and contact that stand in one cell (S2: 需求方信息)."""
    if not text:
        return {}
    contacts = [match.group().strip(" :：") for match in _CONTACT.finditer(text)]
    rest = [part.strip() for part in _PARTS.split(_CONTACT.sub("", text)) if part.strip()]
    return {
        "name": rest[0] if rest else "",
        "department": "/".join(rest[1:]),
        "contact": " ".join(contacts),
    }
