"""The README's tour, line by line, against the demo it tells you to start."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import optional_parts

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"```sh\n(?P<command>.*?)\n```\n```json\n(?P<answer>.*?)\n```", re.DOTALL)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start ``kbservice demo`` and yield the variables that the tour begins with."""
    if shutil.which("curl") is None:
        optional_parts.missing("curl", "the tour is made of curl lines")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KBSERVICE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "kbservice", "demo", "--port", "0", "--json"],
        cwd=tmp_path_factory.mktemp("tour"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        yield {
            **environment,
            "API": f"{said['address']}/api/v1",
            "STAFF": said["staff_key"],
            "FORM": said["intake_key"],
        }
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        process.stdout.close()


def test_every_line_of_the_tour_gives_the_answer_that_is_printed(tour: dict[str, str]) -> None:
    steps = list(STEP.finditer((ROOT / "README.md").read_text(encoding="utf-8")))
    assert len(steps) >= 7

    for step in steps:
        ran = subprocess.run(
            ["bash", "-c", step["command"]], env=tour, capture_output=True, text=True, check=True
        )
        answer = json.loads(ran.stdout)
        assert_holds(json.loads(step["answer"]), answer, step["command"])
        if "number" in answer:
            tour["TICKET"] = answer["number"]
        if answer.get("article"):
            tour["ARTICLE"] = answer["article"]["id"]


def assert_holds(printed: object, answer: object, where: str) -> None:
    """The printed answer is shortened: what it says must stand in the real one."""
    if isinstance(printed, dict):
        assert isinstance(answer, dict), where
        for name, value in printed.items():
            assert name in answer, f"{where}: {name}"
            assert_holds(value, answer[name], f"{where}: {name}")
    elif isinstance(printed, list) and printed and isinstance(printed[0], dict):
        assert isinstance(answer, list), where
        assert answer, where
        for wanted, found in zip(printed, answer, strict=False):
            assert_holds(wanted, found, where)
    else:
        assert printed == answer, where
