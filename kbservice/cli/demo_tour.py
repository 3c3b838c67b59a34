"""What the demo prints: address, login, and commands to paste."""

from __future__ import annotations

import json
import shlex
from typing import Protocol

import click

from kbservice.cli.invocation import Invocation


class Keys(Protocol):
    """The secrets of a demo instance."""

    @property
    def admin(self) -> str:
        """Name of the administrator."""

    @property
    def password(self) -> str:
        """The administrator's password."""

    @property
    def agent_key(self) -> str:
        """API key of a first-line engineer."""

    @property
    def intake_key(self) -> str:
        """API key of an intake form."""


_SEARCH = "ECS 实例无法远程连接"
# The same in traditional characters: it finds the same simplified articles.
_TRADITIONAL = "健康檢查異常如何處理"
_QUESTION = {
    "title": "负载均衡健康检查异常",
    "body": "后端服务器已经启动，但是监听状态一直显示健康检查异常，业务无法访问。",
}
_TICKET = {
    "title": "域名转入失败",
    "body": "昨天提交域名转入，提示转移密码错误，请问怎么处理？",
    "requester": {"name": "张三", "contact": "13800138000"},
}


def print_tour(invocation: Invocation, address: str, keys: Keys) -> None:
    """Print the address, the administrator's login and curl lines."""
    if invocation.as_json:
        return
    api = f"{address}/api/v1"
    invocation.say("The demo runs at {address} (Ctrl-C stops it)", address=address)
    invocation.say("Administrator: {name}", name=keys.admin)
    invocation.say("Password: {password}", password=keys.password)
    steps = (
        ("Search", _get(f"{api}/search", keys.agent_key, _SEARCH)),
        ("Search in traditional characters", _get(f"{api}/search", keys.agent_key, _TRADITIONAL)),
        ("Ask for known fixes", _post(f"{api}/suggest", keys.intake_key, _QUESTION)),
        ("Hand in a ticket", _post(f"{api}/tickets", keys.intake_key, _TICKET)),
    )
    for title, line in steps:
        click.echo()
        click.echo(f"# {invocation.text(title)}")
        click.echo(line)


def _get(url: str, key: str, query: str) -> str:
    return shlex.join(
        ["curl", "-sG", url, "-H", f"Authorization: Bearer {key}", "--data-urlencode", f"q={query}"]
    )


def _post(url: str, key: str, body: object) -> str:
    words = ["curl", "-s", url, "-H", f"Authorization: Bearer {key}"]
    words += ["-H", "Content-Type: application/json"]
    return shlex.join([*words, "-d", json.dumps(body, ensure_ascii=False)])
