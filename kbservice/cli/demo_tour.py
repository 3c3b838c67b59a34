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
    def staff_key(self) -> str:
        """API key of a support engineer who may publish."""

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
    invocation.say("The demo runs at {address} (Ctrl-C stops it)", address=address)
    invocation.say("Administrator: {name}", name=keys.admin)
    invocation.say("Password: {password}", password=keys.password)
    click.echo()
    for name, value in (("API", f"{address}/api/v1"), ("STAFF", keys.staff_key)):
        click.echo(f"export {name}={value}")
    click.echo(f"export FORM={keys.intake_key}")
    steps = (
        ("Search", _get(_SEARCH)),
        ("Search in traditional characters", _get(_TRADITIONAL)),
        ("Ask for known fixes", _post("suggest", _QUESTION)),
        ("Hand in a ticket", _post("tickets", _TICKET)),
    )
    for title, line in steps:
        click.echo()
        click.echo(f"# {invocation.text(title)}")
        click.echo(line)


def _get(query: str) -> str:
    given = shlex.quote(f"q={query}")
    return f'curl -sG $API/search -H "Authorization: Bearer $STAFF" --data-urlencode {given}'


def _post(path: str, body: object) -> str:
    given = shlex.quote(json.dumps(body, ensure_ascii=False))
    return f'curl -s $API/{path} -H "Authorization: Bearer $FORM" --json {given}'
