"""Synonym rules as administrators wrote them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from kbservice.domain.base import Base


class SynonymRule(Base):
    """One rule of the synonym book.

    Attributes:
        rule: Its canonical form, such as ``蓝屏, 死机`` or ``exchange => 邮件服务器``.
        version: Grows with every change.
    """

    __tablename__ = "synonyms"

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(500), unique=True)
    author: Mapped[str] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy declares it per instance
