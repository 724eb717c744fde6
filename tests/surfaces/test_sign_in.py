from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

HOLDFAST = [sys.executable, "-m", "holdfast"]


@contextmanager
def server(folder: Path, environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """`holdfast up` on a free port; gives what it told."""
    with subprocess.Popen(
        [*HOLDFAST, "up", "--port", "0", "--no-worker", "--json"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.communicate()


def sign_in(folder: Path, environment: dict[str, str]) -> str:
    told = subprocess.run(
        [*HOLDFAST, "sign-in", "--json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=True,
    )
    return str(json.loads(told.stdout)["sign_in"])


def test_a_link_leads_to_the_server_that_runs_in_this_project(
    holdfast_url: str, work_dir: Path
) -> None:
    (work_dir / "holdfast.toml").touch()
    environment = os.environ | {"HOLDFAST_DATABASE_URL": holdfast_url}
    with server(work_dir, environment) as told:
        link = sign_in(work_dir, environment)
        assert link.startswith(f"{told['url']}/sign-in?ticket=")
        with httpx2.Client() as browser:
            assert browser.get(link).has_redirect_location
            assert browser.get(f"{told['url']}/api/v1/me").status_code == 200
    assert sign_in(work_dir, environment).startswith("http://127.0.0.1:4747/")
