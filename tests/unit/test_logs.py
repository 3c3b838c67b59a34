"""Logs tell facts; what people wrote stays out of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import structlog

from kbservice import logs


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_does_not_show_the_values_of_variables(
    log_format: str, capsys: pytest.CaptureFixture[str]
):
    logs.configure("json" if log_format == "json" else "console")

    def crash(ticket_text: str) -> int:
        return int(ticket_text[:0])

    phone = f"{138}-{1234}-{5678}"
    try:
        crash(phone)
    except ValueError:
        structlog.get_logger().exception("request_crashed")
    structlog.reset_defaults()

    written = capsys.readouterr().err
    assert "ValueError" in written
    assert phone not in written


def test_a_line_stays_one_line_whatever_it_holds(capsys: pytest.CaptureFixture[str]):
    logs.configure("json")
    structlog.get_logger().info("request_answered", route="/a\nb\x1b[31m")
    structlog.reset_defaults()

    lines = capsys.readouterr().err.splitlines()
    assert 1 == len(lines)
    assert "/a\nb\x1b[31m" == json.loads(lines[0])["route"]


def run(program: str) -> list[str]:
    """Return the lines that a process logged."""
    head = "from kbservice import logs; import os, structlog, time; "
    head += "logs.configure('json', gathers=True); log = structlog.get_logger(); "
    done = subprocess.run(
        [sys.executable, "-c", head + program], capture_output=True, text=True, check=False
    )
    return [json.loads(line)["event"] for line in done.stderr.splitlines()]


def test_gathered_lines_are_written_in_order_when_the_process_ends():
    assert ["a", "b", "c"] == run("[log.info(event) for event in 'abc']")


def test_a_warning_is_written_at_once_with_what_waited():
    # The process ends without a chance to write.
    program = "log.info('before'); log.warning('now'); log.info('lost'); os._exit(1)"
    assert ["before", "now"] == run(program)


def test_gathered_lines_are_written_soon():
    assert ["soon"] == run("log.info('soon'); time.sleep(1); os._exit(1)")
