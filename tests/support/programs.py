"""The real agent programs, each in an empty environment with a home of its own, talking to a fake model.

`make agents` installs them; a test that needs one that is not there is skipped, visibly.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_models import AnthropicModel, GeminiModel, OpenAIModel
from tests.support.patience import PATIENCE_SECONDS
from tests.support.workers import ROOT

INSTALLED = ROOT / ".agents" / "node_modules"
# Where a program finds `holdfast` and Node, then what every system has.
PATH = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """One installed program and the whole environment that it gets."""

    path: Path
    environment: Mapping[str, str]

    def run(
        self, *arguments: str, cwd: Path, given: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; `given` is its standard input, `more` is added to the environment."""
        return subprocess.run(
            [self.path, *arguments],
            env={**self.environment, **more},
            cwd=cwd,
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    @contextmanager
    def start(self, *arguments: str, cwd: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
        """Start it; it and all that it started in its group are gone when the block ends."""
        started = subprocess.Popen(
            [self.path, *arguments],
            env={**self.environment, **more},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield started
        finally:
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.communicate()


def claude(home: Path, model: AnthropicModel) -> Program:
    """Claude Code, which asks nobody but the model."""
    return Program(
        path=find("Claude Code", "@anthropic-ai/claude-code-*/claude"),
        environment=_environment(
            home,
            ANTHROPIC_BASE_URL=model.url,
            ANTHROPIC_API_KEY="sk-ant-none",
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_AUTOUPDATER="1",
        ),
    )


def codex(home: Path, model: OpenAIModel) -> Program:
    """Codex, configured for the model in `$CODEX_HOME/config.toml`, to which a test may add."""
    folder = home / ".codex"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    written = config.read_text() if config.exists() else _CODEX_CONFIG
    config.write_text(_with_base_url(written, model.url))
    return Program(
        path=find("Codex", "@openai/codex-*/vendor/*/bin/codex"),
        environment=_environment(home, CODEX_HOME=str(folder), FAKE_API_KEY="none"),
    )


def gemini(home: Path, model: GeminiModel) -> Program:
    """Gemini, which runs on the Node of this project's environment."""
    folder = home / ".gemini"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "settings.json"
    if not settings.exists():
        settings.write_text(json.dumps(_GEMINI_SETTINGS))
    return Program(
        path=find("Gemini", ".bin/gemini"),
        environment=_environment(home, GOOGLE_GEMINI_BASE_URL=model.url, GEMINI_API_KEY="none"),
    )


def find(name: str, pattern: str) -> Path:
    """An installed program; skips the test, visibly, where it is not."""
    for found in sorted(INSTALLED.glob(pattern)):
        return found
    pytest.skip(f"{name} is not installed here: `make agents` installs it{_why_not()}")


def _why_not() -> str:
    """What its installer complained of first, where it tried."""
    log = INSTALLED.parent / "npm.log"
    said = log.read_text().splitlines() if log.exists() else []
    errors = [line for line in said if line.startswith("npm error")]
    return f" ({errors[0]})" if errors else ""


def _environment(home: Path, **more: str) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "PATH": PATH, "LANG": "C.UTF-8", "TERM": "dumb", **more}


def _with_base_url(config: str, url: str) -> str:
    return re.sub(r"^base_url = .*$", f'base_url = "{url}/v1"', config, flags=re.MULTILINE)


_CODEX_CONFIG = """\
model = "fake"
model_provider = "fake"

[model_providers.fake]
name = "fake"
base_url = ""
env_key = "FAKE_API_KEY"
wire_api = "responses"

# Else its sandbox leaves an empty /tmp/.git behind, and every test below /tmp stands in that project.
[sandbox_workspace_write]
exclude_slash_tmp = true
exclude_tmpdir_env_var = true
"""
_GEMINI_SETTINGS: Mapping[str, Any] = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "privacy": {"usageStatisticsEnabled": False},
    "general": {"disableAutoUpdate": True},
}
