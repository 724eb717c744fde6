"""What a verification leaves behind as evidence."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from holdfast.errors import HoldfastError
from holdfast.model.advancing import Evidence
from holdfast.sessions.verifying import verify


async def run(command: str, folder: Path, seconds: float = 60) -> Evidence:
    return await verify(command, cwd=folder, timeout_seconds=seconds)


async def test_a_run_that_passes_is_kept_whole(tmp_path: Path) -> None:
    evidence = await run("echo out; echo err >&2; pwd", tmp_path)
    printed = f"out\nerr\n{os.path.realpath(tmp_path)}\n"
    assert (evidence.passed, evidence.exit_code, evidence.timed_out) == (True, 0, False)
    assert evidence.output_tail == printed
    assert evidence.output_digest == hashlib.sha256(printed.encode()).hexdigest()
    assert evidence.started_at <= evidence.ended_at


@pytest.mark.parametrize(
    ("command", "code"), [("exit 3", 3), ("kill -9 $$", -9), ("no-such-thing", 127)]
)
async def test_how_it_ended_is_told(tmp_path: Path, command: str, code: int) -> None:
    evidence = await run(command, tmp_path)
    assert (evidence.exit_code, evidence.passed) == (code, False)


async def test_what_was_ended_at_its_time_limit_has_not_passed_whatever_it_says(
    tmp_path: Path,
) -> None:
    evidence = await run("trap 'exit 0' TERM; sleep 600 & wait", tmp_path, 0.3)
    assert (evidence.exit_code, evidence.timed_out, evidence.passed) == (0, True, False)


async def test_only_the_end_of_a_long_output_is_kept_and_all_of_it_is_digested(
    tmp_path: Path,
) -> None:
    evidence = await run("head -c 100000 /dev/zero; printf end", tmp_path)
    assert evidence.output_tail.endswith("end")
    assert len(evidence.output_tail) == 8000
    assert "\0" not in evidence.output_tail
    digest = hashlib.sha256(b"\0" * 100_000 + b"end").hexdigest()
    assert evidence.output_digest == digest


async def test_what_cannot_be_started_is_an_error_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(HoldfastError, match="could not be started") as caught:
        await run("true", tmp_path / "nowhere")
    assert "existing folder" in str(caught.value.hint)
