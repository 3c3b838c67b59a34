"""Chinese or English, or neither."""

from __future__ import annotations

import pytest

from kbservice.text.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("打印机脱机", "zh"),
        ("資料庫連線逾時", "zh"),
        ("Oracle监听报ORA-12541错误", "zh"),
        ("net::ERR_CONN_TIMEOUT 怎么解决", "zh"),
        ("The printer is offline", "en"),
        ("Printer offline 打印机 cannot print any document today", "en"),
        ("VPN", "en"),
        ("プリンターがオフラインです", ""),
        ("принтер не работает", ""),
        ("192.168.1.1 0x80070005", ""),
        ("12345", ""),
        ("", ""),
    ],
)
def test_language_of(text: str, language: str):
    assert language_of(text) == language
