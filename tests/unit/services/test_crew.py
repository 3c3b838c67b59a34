"""Dead workers are known by the locks that died with them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from kbservice.services.crew import Crew

MEMBER = """
import sys, time
from pathlib import Path
from kbservice.services.crew import Crew

with Crew(Path(sys.argv[1])).joined(sys.argv[2]):
    print("joined", flush=True)
    time.sleep(60)
"""


def member(folder: Path, name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", MEMBER, str(folder), name], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert "joined" == process.stdout.readline().strip()
    return process


def test_a_killed_worker_is_known_to_be_gone_and_a_living_one_is_not(tmp_path: Path):
    living, killed = member(tmp_path, "host:1"), member(tmp_path, "host:2")
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()

        with Crew(tmp_path).joined("host:3") as fallen:
            assert ("host:3", "host:2") == fallen
        with Crew(tmp_path).joined("host:3") as fallen:
            assert ("host:3",) == fallen
    finally:
        living.kill()
        living.communicate()
        killed.communicate()


def test_a_new_worker_of_an_old_name_does_not_stand_for_a_living_one(tmp_path: Path):
    with Crew(tmp_path).joined("host:1"), Crew(tmp_path).joined("host:1") as fallen:
        assert () == fallen
