"""The demo, as `make demo` runs it: it ends non-zero if anything differs from what must be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.workers import ROOT, environment


def test_the_demo_plays_to_its_end(holdfast_url: str, tmp_path: Path) -> None:
    played = subprocess.run(
        [sys.executable, ROOT / "examples" / "habits" / "demo.py"],
        cwd=tmp_path,
        env=environment(holdfast_url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (played.returncode, played.stderr) == (0, ""), played.stdout + played.stderr
    for told in ("SIGKILL", "sent back", "verified", "restoration 1", "work open"):
        assert told in played.stdout
