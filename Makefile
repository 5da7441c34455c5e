# Every target that runs something sets .venv up first; once that is done, none of them needs the network.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ARGS ?=
PORT ?= 5000
ROOT ?= runs

PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check
READY := .venv/.ready
BENCH_READY := .venv-bench/.ready

.PHONY: help setup train sweep ui test test-slow check format bench bench-accuracy bench-calibration bench-engine bench-pruning bench-throughput bench-tracking lock clean

help: ## this list
	@echo 'make TARGET [ARGS="key=value …"]'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 21

setup: $(READY) ## the environment in .venv, from the hash-locked requirements

train: $(READY) ## one network: make train ARGS="data=iris model.depth=2"
	@$(PY) -m dnnexp.train $(ARGS)

sweep: $(READY) ## the main job: grow and tune networks, print the answer
	@$(PY) -m dnnexp.sweep $(ARGS)

ui: $(READY) ## the MLflow UI of what was logged (PORT=5000 ROOT=runs)
	@root=$$(cd '$(ROOT)' 2>/dev/null && pwd) && test -f "$$root/mlflow.db" \
	  || { echo "nothing is logged under $(ROOT)/ yet: run 'make train' or 'make sweep' first" >&2; exit 1; }; \
	echo "MLflow UI: http://127.0.0.1:$(PORT)   (Ctrl-C ends it)"; \
	$(PY) -m dnnexp.tracking.pages "$$root/mlflow.db" 'http://127.0.0.1:$(PORT)' 2>/dev/null || true; \
	MLFLOW_DISABLE_TELEMETRY=true exec $(PY) -m mlflow server --host 127.0.0.1 --port $(PORT) --workers 1 \
	  --allowed-hosts '127.0.0.1:$(PORT),localhost:$(PORT)' \
	  --backend-store-uri "sqlite:///$$root/mlflow.db" --default-artifact-root "file://$$root/artifacts"

test: $(READY) ## the fast tests, a process for each processor
	@$(PY) -m pytest -n auto --dist loadfile $(ARGS)

test-slow: $(READY) ## the slow tests
	@$(PY) -m pytest -m slow $(ARGS) || { code=$$?; [ $$code -eq 5 ] && echo "no slow tests"; }

check: $(READY) ## format, lint, types, and the contracts of the floors
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo --no-cache

format: $(READY) ## put the code into its format, repair what the linter can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: ## speed, all of it, one after the other (40 quiet minutes)
	@for part in engine tracking throughput pruning; do $(MAKE) --no-print-directory bench-$$part ARGS= || exit 1; done

bench-engine: $(BENCH_READY) ## training against peers (15 minutes; ARGS=--quick: one)
	@.venv-bench/bin/python benchmarks/engine.py $(ARGS)

bench-throughput: $(READY) ## a sweep against a script without dnnexp (10 minutes)
	@$(PY) benchmarks/throughput.py $(ARGS)

bench-pruning: $(READY) ## what ending bad trials early saves (10 minutes)
	@$(PY) benchmarks/pruning.py $(ARGS)

bench-accuracy: $(READY) ## the defaults' answers beside scikit-learn's (minutes)
	@$(PY) benchmarks/accuracy.py $(ARGS)

bench-tracking: $(READY) ## what recording a trial takes (a minute)
	@$(PY) benchmarks/tracking.py $(ARGS)

bench-calibration: $(READY) ## how often claims and intervals are true (10 minutes)
	@$(PY) benchmarks/calibration.py $(ARGS)

lock: $(READY) ## solve the requirements again (newest: ARGS=--upgrade)
	@lock() { $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(ARGS) "$$@"; }; \
	lock pyproject.toml --all-extras --output-file requirements.lock; \
	lock --group source --output-file requirements-build.lock

clean: ## remove what builds left; runs/, .venv, .venv-bench stay
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests benchmarks experiments .ci -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The stamp is older than what it was made from, or absent: install. The second pip builds one source package,
# so its build tools are installed first, locked too.
$(READY): requirements.lock requirements-build.lock pyproject.toml
	@python=''; \
	for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    python="$$candidate"; break; fi; \
	done; \
	[ -n "$$python" ] || { echo "error: need Python >= 3.11 with venv, found none; name one: make setup PYTHON=/path/to/python3" >&2; exit 1; }; \
	[ -x $(PY) ] && $(PY) -m pip --version >/dev/null 2>&1 || { \
	  echo "setting up .venv (a minute or two, once)"; "$$python" -m venv --clear .venv; }; \
	echo "installing the locked requirements"; \
	$(PIP) --require-hashes -r requirements-build.lock; \
	$(PIP) --require-hashes --no-build-isolation --use-pep517 -r requirements.lock; \
	$(PIP) --no-deps --no-build-isolation --editable .; \
	touch $@; \
	echo "ready: $$($(PY) --version), $$(pwd)/.venv"

# What is locked is seen through a path file; peers are added, each by itself so that one may fail.
$(BENCH_READY): $(READY) benchmarks/peers.txt
	@echo "setting up .venv-bench: peers of the benchmark, some hundred megabytes"
	@$(PY) -m venv --clear .venv-bench
	@locked=$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	own=$$(.venv-bench/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	printf 'import site; site.addsitedir(%s)\n' "'$$locked'" > "$$own/locked.pth"
	@while read -r peer; do \
	  .venv-bench/bin/python -m pip install --quiet --quiet --disable-pip-version-check "$$peer" \
	    || echo "$$peer cannot be had here: left out"; \
	done < benchmarks/peers.txt
	@touch $@
