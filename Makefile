# Set up, run, test and measure Looply. Everything is installed into .venv; nothing else of the machine is changed,
# but for `make packages`, which asks Debian's package manager for what some tests need (a browser, strace, faketime, shells).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
SEED ?= 1
QUARTER ?= all
COOL_DOWN := 7 days
PYTEST := $(BIN)/pytest -n auto --dist worksteal --randomly-seed $(SEED)
TEST_PACKAGES := chromium strace faketime zsh fish
POSTGRES_PART := $(foreach name,acceptance/test_acceptance_monitoring acceptance/test_acceptance_steps calls/test_blackbox_resume calls/test_blackbox_terminate calls/test_blackbox_trigger,tests/blackbox/$(name).py)
PURE_TESTS := $(foreach name,definition execution expressions schedule,tests/unit/$(name)) tests/golden/test_golden_histories.py \
	$(foreach name,studio mail browsing,tests/unit/server/$(name)) $(foreach name,rows heads,tests/unit/server/monitoring/test_server_$(name).py)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start thousands of processes, each of which would compile the product again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install ui clients peers run test test-ui proof coverage test-distributed test-postgres check dead fix docs soak bench pictures packages lock sbom audit image clean

help: ## Show these targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: $(STAMP) ## Install Looply and its tools into .venv.

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Looply needs Python 3.11 or newer; this is $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Could not make a virtual environment; Debian needs the package python3-venv."; exit 1; }
	@echo "Installing Looply into $(VENV); this takes a minute or two ..."
	@if command -v uv >/dev/null 2>&1; then \
		VIRTUAL_ENV=$(VENV) uv pip install --quiet --require-hashes -r requirements/dev.txt; \
	else \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt; \
	fi
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

ui: $(STAMP) ## Build the pages of the web app.
	@$(BIN)/python hatch_build.py

clients: $(STAMP) ## Install the programs with which the tests make a client in TypeScript.
	@$(BIN)/python hatch_build.py --clients

peers: $(STAMP) ## Install the systems of other authors that connectors are tested against, and that run in Node.
	@$(BIN)/python hatch_build.py --peers

run: ui ## Start the server with the demo and play the purchase-order approval (ARGS=--auto plays the approver too, ARGS=--teams brings the card to a Teams-like client).
	@$(BIN)/looply demo $(ARGS) || { status=$$?; test $$status -eq 130 || exit $$status; }

check: $(STAMP) ## Lint and type-check.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

dead: ## Show files, exports, types and packages of the web app that nothing uses.
	@cd ui && npx --no-install knip

fix: $(STAMP) ## Format, and fix what the linter can fix.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

packages: ## Install Debian's chromium, strace, faketime, zsh and fish for the tests that need them, where that is possible.
	@for each in $(TEST_PACKAGES); do \
		if command -v $$each >/dev/null 2>&1; then continue; fi; \
		if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
			echo "Installing $$each for the tests that need it ..."; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$each; } >/dev/null \
				|| echo "$$each could not be installed; the tests that need it are skipped."; \
		else \
			echo "$$each is missing and only root may install it; the tests that need it are skipped."; \
		fi; \
	done

test: ui packages ## Run the gate, which every change must pass (SEED=default takes the tests in an order that no run had).
	@$(BIN)/python tools/side_by_side.py check test-ui ARGS=
	$(PYTEST) --tier gate $(ARGS)

test-ui: $(STAMP) ## Check, test and weigh the pages of the web app.
	@$(BIN)/python hatch_build.py --test

proof: QUARTER := $(if $(filter all,$(ARGS)),all,commit)
proof: ui packages ## Run what the gate leaves out: faults, mutants, all stores, coverage, distributed; of what rotates, the commit's quarter (ARGS=all: all).
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target clients peers
	$(PYTEST) --tier proof --quarter $(QUARTER)
	@echo "Tests of distributed installations wait half of their time, so others run beside them; each suite prints what it found at its end ..."
	@$(BIN)/python tools/side_by_side.py test-distributed "coverage test-postgres" ARGS= QUARTER=$(QUARTER)

coverage: $(STAMP) ## Measure which lines and branches of the pure packages their tests take; fails below the floor of pyproject.toml, and below 100 % of execution/.
	$(PYTEST) --cov --cov-report=term $(PURE_TESTS) $(ARGS)
	$(BIN)/coverage report --include='src/looply/execution/*' --fail-under=100

test-distributed: $(STAMP) ## Run the tests of distributed installations: PostgreSQL, Temporal, two servers and two workers.
	$(PYTEST) --dist loadgroup --engine distributed -m distributed --quarter $(QUARTER) tests/contract tests/blackbox tests/browser $(ARGS)

test-postgres: $(STAMP) ## Run the main black-box tests against one process on PostgreSQL (ARGS=tests/blackbox runs all of them).
	$(PYTEST) --engine postgres $(or $(ARGS),$(POSTGRES_PART))

soak: ui packages ## Run the long forms of the tests of faults, of schedules and of the simulation, for hours.
	$(BIN)/pytest --soak -p no:randomly --timeout 0 tests/property tests/simulation tests/differential/test_differential_cron.py $(wildcard tests/blackbox/*/test_faults_*.py) $(ARGS)
	$(BIN)/pytest --soak -p no:randomly --timeout 0 tests/contract/test_engine.py $(ARGS)
	$(BIN)/pytest --soak -p no:randomly --timeout 0 --engine distributed -m distributed tests/contract tests/blackbox $(ARGS)

docs: $(STAMP) ## Write the reference pages and the types of the web app's client again from the code.
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/client_types.py

pictures: ui ## Make the pictures of the docs again, by the stories of the web app.
	LOOPLY_DOCS_PICTURES=docs/images $(BIN)/pytest -q -n 0 tests/browser/app/test_browser_first_day.py tests/browser/executions/test_browser_execution.py tests/browser/studio/test_browser_first_approval.py

bench: $(STAMP) ## Measure and print the table (ARGS="speed --seconds 5" chooses, ARGS=--help says what there is).
	@$(BIN)/python -m bench $(ARGS)

lock: $(STAMP) ## Pin the newest dependencies that fit pyproject.toml and were released a week ago or earlier.
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade --python-version 3.11 --exclude-newer "$(COOL_DOWN)" \
		--extra demo --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade --python-version 3.11 --exclude-newer "$(COOL_DOWN)" \
		-c requirements/dev.txt pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade --python-version 3.11 --exclude-newer "$(COOL_DOWN)" \
		--extra distributed -c requirements/dev.txt pyproject.toml -o requirements/distributed.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-strip-extras --upgrade --python-version 3.11 --exclude-newer "$(COOL_DOWN)" \
		--group pyproject.toml:build -c requirements/dev.txt -o requirements/build.txt

sbom: $(STAMP) ## Write the software bill of materials of the locked run-time set, as CycloneDX JSON, into dist.
	@$(BIN)/python tools/sbom.py dist/looply.cdx.json

audit: $(STAMP) ## Look for known vulnerabilities of the locked run-time set (needs a network; waivers are in requirements/waivers.toml).
	@$(BIN)/python tools/audit.py

CONTAINERFILE = $(file < deploy/Containerfile)
BASE_IMAGES = $(foreach each,NODE PYTHON,$(patsubst $(each)_VERSION=%,docker.io/library/$(BASE_$(each)):%,$(lastword $(filter $(each)_VERSION=%,$(CONTAINERFILE)))))
BASE_NODE = node
BASE_PYTHON = python
image: ## Build the container image and run it once, where docker or podman works and has the base images; says so where not.
	@for engine in docker podman; do \
		if $$engine info >/dev/null 2>&1; then \
			for base in $(BASE_IMAGES); do \
				if ! $$engine pull --quiet $$base; then \
					echo "The container image was not built: $$engine works, but cannot pull $$base."; exit 0; \
				fi; \
			done; \
			format=; if [ $$engine = podman ]; then format="--format docker"; fi; \
			$$engine build $$format -f deploy/Containerfile -t looply:checked . && exec $$engine run --rm looply:checked --version; \
			exit 1; \
		fi; \
	done; \
	echo "The container image was not built: neither docker nor podman works here."

clean: ## Remove everything that was built or installed.
	rm -rf $(VENV) ui/node_modules tests/clients/typescript/node_modules tests/peers/node_modules src/looply/server/static build dist .mypy_cache .ruff_cache .pytest_cache
