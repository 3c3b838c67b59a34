"""Tables in a pipe."""

from __future__ import annotations

import pytest

from kbservice.cli.tables import print_facts, print_table


def test_a_table_in_a_pipe_is_tab_separated(capsys: pytest.CaptureFixture[str]):
    print_table(("set", "ndcg"), [("阿里云", 0.73912), ("tidb", None)])

    assert "set\tndcg\n阿里云\t0.7391\ntidb\t-\n" == capsys.readouterr().out


def test_facts_stand_one_a_line(capsys: pytest.CaptureFixture[str]):
    print_facts([("documents", 1910), ("ms_per_query", 1.25)])

    assert "documents     1910\nms_per_query  1.25\n" == capsys.readouterr().out
