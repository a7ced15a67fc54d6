# The commands of the project: `make run`, and `make test` with `make test-web`.
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Python keeps what it compiles, whatever the caller's environment says: compiling all of it costs each start more than a second.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test test-web nightly bench bench-size bench-bi lock clean

help:  ## what can be made here
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock requirements-dev.lock pyproject.toml
	@.ci/install $(VENV)
	@touch $@

run: $(STAMP)  ## start the order center with demo data on http://127.0.0.1:8000
	@$(BIN)/order-center serve --demo

test: $(STAMP)  ## lint, types, import contracts, tests
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/check
	@$(BIN)/python -m pytest -n 2 -m "not nightly and not web"

test-web: $(STAMP)  ## the tests that need Node and a browser; installs both where they are missing
	@.ci/install-web $(VENV)
	@$(BIN)/python -m pytest -m web tests/web

nightly: $(STAMP)  ## the tests with their long settings and on ClickHouse's engine, and all of them on graphql-core
	@.ci/install-nightly $(VENV)
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n 2 -m "not web"
	@ORDER_CENTER_EXECUTOR=core $(BIN)/python -m pytest -n 2 -m "not web"

bench: $(STAMP)  ## measure lists, details and placements against two yardsticks (needs wrk; docs/performance.md)
	@$(BIN)/python -m tests.benchmarks $(BENCH)

bench-size: $(STAMP)  ## measure lists over ten thousand and over a million orders
	@$(BIN)/python -m tests.benchmarks --size 10000 --size 1000000 $(BENCH)

bench-bi: $(STAMP)  ## measure analytics, rollups and exports over a million orders against PostgreSQL itself
	@$(BIN)/python -m tests.benchmarks.bi $(BENCH)

lock:  ## write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile --upgrade --generate-hashes --universal --no-header --no-annotate -p 3.11 -q pyproject.toml --extra s3 --extra clickhouse -o requirements.lock
	@$(BIN)/uv pip compile --upgrade --generate-hashes --universal --no-header --no-annotate -p 3.11 -q pyproject.toml --extra dev -o requirements-dev.lock
	@$(BIN)/uv pip compile --upgrade --generate-hashes --universal --no-header --no-annotate -p 3.11 -q pyproject.toml --extra dev --extra nightly -o requirements-nightly.lock

clean:  ## remove the virtual environment and the caches (keeps .data)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
