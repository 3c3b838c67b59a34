"""Who may call what: the declared table, and what really happens to each role."""

from __future__ import annotations

import re

from flask import Flask

from kbservice.bootstrap import Application
from kbservice.domain.account import Role
from kbservice.web.security import policy_of
from tests.api.calling import Caller

OPEN = ""
TABLE = {
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": "admin",
    "GET /api/v1/openapi.json": OPEN,
    "GET /api/v1/docs": OPEN,
    "GET /api/v1/search": "intake",
    "GET /api/v1/search/complete": "intake",
    "POST /api/v1/suggest": "intake",
    "GET /api/v1/suggestions/{suggestion_id}": "intake",
    "GET /api/v1/suggestions/{suggestion_id}/replay": "agent",
    "POST /api/v1/suggestions/{suggestion_id}/feedback": "intake",
    "POST /api/v1/tickets": "intake",
    "GET /api/v1/tickets": "agent",
    "GET /api/v1/tickets/{number}": "intake",
    "PATCH /api/v1/tickets/{number}": "agent",
    "GET /api/v1/tickets/{number}/timeline": "agent",
    "GET /api/v1/tickets/{number}/clocks": "agent",
    "GET /api/v1/tickets/{number}/suggestions": "agent",
    "POST /api/v1/tickets/{number}/resolution": "agent",
    "POST /api/v1/tickets/{number}/reveal": "agent",
    "GET /api/v1/tickets/{number}/links": "agent",
    "POST /api/v1/tickets/{number}/links": "agent",
    "GET /api/v1/repeats": "agent",
    "GET /api/v1/incidents": "agent",
    "POST /api/v1/incidents/{incident_id}": "agent",
    "GET /api/v1/articles": "agent",
    "POST /api/v1/articles": "agent",
    "GET /api/v1/articles/{article_id}": "intake",
    "PATCH /api/v1/articles/{article_id}": "agent",
    "POST /api/v1/articles/{article_id}/publish": "lead",
    "POST /api/v1/articles/{article_id}/retire": "lead",
    "GET /api/v1/articles/{article_id}/revisions": "agent",
    "GET /api/v1/articles/{article_id}/usage": "agent",
    "POST /api/v1/jobs": "admin",
    "GET /api/v1/jobs": "admin",
    "GET /api/v1/jobs/{job_id}": "admin",
    "DELETE /api/v1/jobs/{job_id}": "admin",
    "GET /api/v1/admin/index": "admin",
    "POST /api/v1/admin/index/rollback": "admin",
    "GET /api/v1/admin/classifiers": "lead",
    "GET /api/v1/admin/classifiers/{release}": "lead",
    "POST /api/v1/admin/classifiers/{release}/promote": "admin",
    "POST /api/v1/admin/classifiers/rollback": "admin",
    "GET /api/v1/admin/drift": "lead",
    "GET /api/v1/admin/rankers": "lead",
    "GET /api/v1/admin/rankers/{release}": "lead",
    "POST /api/v1/admin/rankers/{release}/promote": "admin",
    "POST /api/v1/admin/rankers/rollback": "admin",
    "GET /api/v1/admin/doctor": "admin",
    "GET /api/v1/admin/knowledge-gaps": "lead",
    "POST /api/v1/admin/knowledge-gaps/{gap_id}": "lead",
    "GET /api/v1/admin/label-reviews": "lead",
    "POST /api/v1/admin/label-reviews/{review_id}": "lead",
    "GET /api/v1/admin/synonyms": "admin",
    "POST /api/v1/admin/synonyms": "admin",
    "GET /api/v1/admin/synonyms/{rule_id}": "admin",
    "PATCH /api/v1/admin/synonyms/{rule_id}": "admin",
    "DELETE /api/v1/admin/synonyms/{rule_id}": "admin",
    "POST /api/v1/admin/synonyms/preview": "admin",
    "POST /api/v1/admin/synonyms/import": "admin",
    "GET /api/v1/accounts": "admin",
    "POST /api/v1/accounts": "admin",
    "POST /api/v1/accounts/{name}/keys": "admin",
    "POST /api/v1/accounts/{name}/disable": "admin",
    "DELETE /api/v1/keys/{key_id}": "admin",
    "GET /api/v1/profiles": "intake",
    "GET /api/v1/profiles/{key}": "intake",
}
REMOTE = {"REMOTE_ADDR": "192.0.2.7"}


def routes(app: Flask) -> dict[str, str]:
    """Return every route, as ``METHOD /path``, with its endpoint."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found[f"{method} {path}"] = rule.endpoint
    return found


def test_every_route_states_a_policy(app: Flask):
    silent = [name for name, endpoint in routes(app).items() if policy_of(app, endpoint) is None]
    assert [] == silent


def test_the_api_has_exactly_the_policies_of_the_table(app: Flask):
    declared = {}
    for name, endpoint in routes(app).items():
        policy = policy_of(app, endpoint)
        assert policy is not None
        if not endpoint.startswith("pages."):
            declared[name] = policy.role.value if policy.role else OPEN
    assert TABLE == declared


def test_each_role_reaches_what_the_table_opens_to_it_and_nothing_else(
    stranger: Caller, intake: Caller, agent: Caller, lead: Caller, admin: Caller
):
    callers = {"": stranger, "intake": intake, "agent": agent, "lead": lead, "admin": admin}
    for role, caller in callers.items():
        reached, expected = {}, {}
        for name, needed in TABLE.items():
            method, path = name.split()
            address = re.sub(r"\{\w+\}", "1", path)
            status = caller(method, address, environ_overrides=REMOTE).status_code
            reached[name] = {401: "stranger", 403: "refused"}.get(status, "reached")
            is_open = needed == OPEN or (role != "" and Role(role).covers(Role(needed)))
            expected[name] = "reached" if is_open else "refused" if role else "stranger"
        assert expected == reached


def test_a_view_that_states_no_policy_is_closed_to_everybody(app: Flask, admin: Caller):
    app.add_url_rule("/api/v1/forgotten", view_func=lambda: "secret", endpoint="forgotten")

    assert 403 == admin.get("forgotten").status_code


def test_a_disabled_account_is_out_at_once(admin: Caller, agent: Caller):
    assert 200 == agent.get("tickets").status_code
    assert 204 == admin.post("accounts/agent-caller/disable").status_code
    assert 401 == agent.get("tickets").status_code


def test_a_revoked_key_stops_working(admin: Caller, app: Flask):
    issued = admin.post("accounts/admin-caller/keys", {"role": "agent"}).json
    assert issued is not None
    other = Caller(app.test_client(), issued["key"])
    assert 200 == other.get("tickets").status_code

    assert 204 == admin.delete(f"keys/{issued['id']}").status_code
    assert 401 == other.get("tickets").status_code


def test_a_form_sees_its_own_tickets_and_no_others(
    app: Flask, intake: Caller, agent: Caller, admin: Caller
):
    own = intake.post("tickets", {"title": "打印机脱机"}).json
    foreign = agent.post("tickets", {"title": "邮箱登录失败"}).json
    assert own is not None
    assert foreign is not None

    assert 200 == intake.get(f"tickets/{own['number']}").status_code
    assert 404 == intake.get(f"tickets/{foreign['number']}").status_code
    assert 404 == intake.get(f"suggestions/{foreign['suggestion']['suggestion_id']}").status_code
    feedback = {"action": "opened"}
    path = f"suggestions/{foreign['suggestion']['suggestion_id']}/feedback"
    assert 404 == intake.post(path, feedback).status_code


def test_a_form_never_meets_an_internal_article(
    application: Application, agent: Caller, lead: Caller, intake: Caller
):
    draft = {
        "title": "内部金丝雀手册",
        "sections": {"solution": "canary"},
        "visibility": "internal",
    }
    article = agent.post("articles", draft).json
    assert article is not None
    lead.post(f"articles/{article['id']}/publish")
    application.indexing.drain()

    assert 1 == agent.get("search?q=canary").get_json()["total"]
    assert 404 == intake.get(f"articles/{article['id']}").status_code
    for path in (
        "search?q=canary",
        "search?q=金丝雀&kind=all",
        "search?q=",
        "search/complete?q=金丝雀",
    ):
        assert article["id"] not in intake.get(path).get_data(as_text=True)
    assert 0 == intake.get("search?q=").get_json()["total"]
    assert [] == intake.post("suggest", {"title": "内部金丝雀手册"}).get_json()["fixes"]

    ticket = intake.post("tickets", {"title": "内部金丝雀手册"}).get_json()
    told_to_staff = agent.get(f"tickets/{ticket['number']}/suggestions").get_json()["items"]
    kept = intake.get(f"suggestions/{ticket['suggestion']['suggestion_id']}").get_json()
    assert [article["id"]] == [fix["article_id"] for fix in told_to_staff[0]["fixes"]]
    assert ([], []) == (ticket["suggestion"]["fixes"], kept["fixes"])
