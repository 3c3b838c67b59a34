# Needs Python 3.11 to 3.13, make and git. Everything else lands in .venv, from hashed locks.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test lint format lock clean
MAKEFLAGS += --no-print-directory

# The first one that runs, is young enough and can build an environment is taken.
PYTHON ?= python3.13 python3.12 python3.11 python3
UV ?= uv
PYTEST_ARGS ?= -n auto --maxprocesses 4 --dist loadfile -rs

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUNTIME := .venv/.runtime-installed
DEVELOPMENT := .venv/.development-installed
COMPILE := pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --quiet --upgrade

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Start the service with real sample data; Ctrl-C stops it
	@$(BIN)/kbservice demo

serve: $(RUNTIME) ## Start web and worker on the instance in KBSERVICE_HOME (default: here)
	@$(BIN)/kbservice serve

test: $(DEVELOPMENT) ## Run all tests; what is skipped is listed with the reason
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DEVELOPMENT) ## Check format, rules, templates, types, layers, dependencies, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint kbservice/web/templates --check --lint --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/codespell

format: $(DEVELOPMENT) ## Put code and templates into the agreed form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint kbservice/web/templates --reformat --quiet

lock: ## Resolve the newest allowed versions anew (needs uv)
	printf 'hatchling>=1.27,<2\neditables>=0.5,<1\n' | \
		$(UV) $(COMPILE) pyproject.toml - --output-file deploy/requirements.lock
	$(UV) $(COMPILE) pyproject.toml --extra dev --extra postgres \
		--constraint deploy/requirements.lock --output-file deploy/requirements-dev.lock

clean: ## Remove the environment, caches and builds; instances stay
	rm -rf .venv dist build htmlcov .coverage
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): deploy/requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing what kbservice needs to run (about 95 MB, once) ..."
	@$(PIP) install --quiet --no-deps --require-hashes -r deploy/requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): deploy/requirements-dev.lock $(RUNTIME)
	@echo "Installing what the checks need (about 95 MB, once) ..."
	@$(PIP) install --quiet --no-deps --require-hashes -r deploy/requirements-dev.lock
	@touch $@

# Running each candidate is the test: a version manager's shim can exist and still not start.
$(BIN)/pip:
	@bare=; \
	for python in $(PYTHON); do \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
			</dev/null >/dev/null 2>&1 || continue; \
		if "$$python" -c 'import ensurepip, sqlite3, ssl, venv' >/dev/null 2>&1; then \
			echo "Creating .venv with $$("$$python" --version) ..."; \
			"$$python" -m venv --clear .venv; \
			exit; \
		fi; \
		bare=$$python; \
	done; \
	if [ -n "$$bare" ]; then \
		echo "$$bare lacks one of the modules venv, ensurepip, ssl, sqlite3." >&2; \
		echo "On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; \
	else \
		echo "No Python 3.11, 3.12 or 3.13 was found among: $(PYTHON)" >&2; \
		echo "Install one (Debian and Ubuntu: sudo apt-get install python3 python3-venv)" >&2; \
		echo "or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	fi; \
	exit 1
