# Every target sets up what it needs. On a bare Debian machine `make demo` and `make test` are all one types.

PYTHON ?= python3
UV := $(or $(shell command -v uv 2>/dev/null),.cache/uv/bin/uv)
BIN := .venv/bin
READY := .venv/.ready
LOCAL := $(BIN)/kubectl-containerjob local
ARGS ?=
# `make up CLOUD_RUN=1`: with an emulator of Google Cloud Run.
CLOUD := $(if $(CLOUD_RUN),--cloud-run)
# What is made from the code; each says with --check where it is stale.
GENERATED := -mcontainerjob_api.crd -mtools.chart $(addprefix tools/,api_reference.py states_page.py cli_reference.py \
	troubleshooting_page.py operations_page.py argocd_config.py)

export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo up down env status test test-fast test-full coverage e2e-kind lint fmt crds crds-check image bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## Start a control plane and the operator, run a first job, show its output (CLOUD_RUN=1: on Cloud Run's emulator)
	@$(LOCAL) demo $(CLOUD) $(ARGS)

up: $(READY) ## Start the local control plane, engine and operator (CLOUD_RUN=1: and Cloud Run's emulator)
	@$(LOCAL) up $(CLOUD) $(ARGS)

down: $(READY) ## Stop them and remove everything they made
	@$(LOCAL) down $(ARGS)

env: $(READY) ## Print shell lines for: eval "$(make -s env)"
	@$(LOCAL) env $(ARGS)

status: $(READY) ## Tell what of it runs
	@$(LOCAL) status $(ARGS)

test: lint crds-check coverage ## Lint, CRD drift, every test, the coverage gate

test-fast: $(READY) ## Only the tests that need neither control plane nor engine
	$(BIN)/pytest tests/unit $(ARGS)

test-full: export CONTAINERJOB_FULL := 1
test-full: test ## The same as test, at full size

coverage: $(READY) ## Every test with coverage, subprocesses included, and the gate
	@$(BIN)/python tools/fetch_programs.py
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage json --quiet -o coverage.json
	@$(BIN)/python -m tests.coverage_gate coverage.json

e2e-kind: $(READY) ## The chart's tests on a kind cluster, which is made for them (needs kind and Docker)
	@$(BIN)/python -m tools.kind_cluster $(ARGS)

lint: $(READY) ## ruff, mypy, import contracts
	@test ! -e operator/__init__.py || { echo "operator/__init__.py hides the standard library's operator: remove it" >&2; exit 1; }
	@test ! -e cli/__init__.py || { echo "cli/ is a folder of packages, not a package: remove cli/__init__.py" >&2; exit 1; }
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(READY) ## Let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

crds: $(READY) ## Write crds/ and all that is generated from the code
	@for page in $(GENERATED); do $(BIN)/python $$page || exit 1; done

crds-check: $(READY)
	@for page in $(GENERATED); do $(BIN)/python $$page --check || exit 1; done

image: $(READY) ## Build the operator's image, without a registry if need be
	@$(BIN)/python -m tools.image $(ARGS)

bench: $(READY) ## Compare with a raw Docker loop, side by side
	$(BIN)/python -m bench $(ARGS)

# Locks that name no package registry work with every mirror.
lock: | $(UV) ## Write requirements.lock from pyproject.toml (UPGRADE=1 for the newest versions)
	$(UV) pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes \
		--no-emit-index-url --no-header --quiet $(if $(UPGRADE),--upgrade) -o requirements.lock
	echo uv | $(UV) pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --quiet $(if $(UPGRADE),--upgrade) -o tools/bootstrap.lock
	for tools in tools/image/build packaging/build; do \
		$(UV) pip compile $$tools.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			--no-annotate --quiet $(if $(UPGRADE),--upgrade) -c requirements.lock -o $$tools.lock || exit 1; done

clean: ## Remove what make and the tests left in this folder (the local environment: make down)
	rm -rf .venv .cache dist .coverage .coverage.* coverage.json
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Everything is said on stderr: `eval "$(make -s env)"` reads stdout, also when it is the first call of all.
$(READY): requirements.lock pyproject.toml | $(UV)
	@./tools/ensure-python $(PYTHON) >&2
	@$(BIN)/python -c '' 2>/dev/null || $(UV) venv --quiet --clear --python $(PYTHON) .venv >&2
	@echo "Installing the Python packages into .venv ..." >&2
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock >&2
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . >&2
	@touch $@

.cache/uv/bin/uv: tools/bootstrap.lock
	@./tools/ensure-python $(PYTHON) >&2
	@$(PYTHON) -m venv --clear .cache/uv >&2
	@.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/bootstrap.lock >&2
	@touch $@
