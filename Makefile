# Two commands on a fresh machine: `make demo`, `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test coverage mutation faults soak hostile quiet replicas test-clients picture reference docs corpora check lock clean

$(VENV)/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/strictgate demo

TESTS ?= tests
# On how many processes the tests run; 0 is in this one, as a debugger needs it.
JOBS ?= auto
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8
test: $(VENV)/.dev
	$(PYTEST) $(TESTS)

# The tests of the core, under measurement; fails below the gate in pyproject.toml.
coverage: $(VENV)/.dev
	$(PYTEST) --cov --cov-report=term-missing tests/core

# Changes the code of what decides, a little at a time, and lists what no test notices. Minutes.
mutation: $(VENV)/.dev
	$(BIN)/pip install --quiet cosmic-ray
	$(BIN)/python -m tests.mutation $(MODULES)

# A long fault campaign, docs/reliability.md: N requests, the cases from SEED. About 20 a second.
N ?= 10000
SEED ?= 1
faults: $(VENV)/.dev
	$(BIN)/python -m tests.faults campaign $(N) --seed $(SEED)

# The same for hours: batch after batch against one gateway, whose memory must stay flat.
BATCHES ?= 20
soak: $(VENV)/.dev
	$(BIN)/python -m tests.faults soak $(BATCHES) --seed $(SEED)

# Hostile schemas and documents, one after the other, beside a client that does nothing wrong.
hostile: $(VENV)/.dev
	$(BIN)/python -m tests.faults hostile

# T3, T4 and T10 of docs/reliability.md, on a machine that does nothing else.
quiet: $(VENV)/.dev
	$(BIN)/python -m tests.faults overload
	$(BIN)/python -m tests.faults hostile

test-clients: $(VENV)/.dev
	$(BIN)/python -m tests.client_matrix.run

# Three replicas behind nginx, which share one store: what is known to all, budgets, losing two.
replicas: $(VENV)/.dev
	$(BIN)/python -m tests.shared.replicas --seconds 30

# The picture of the inspector in the documentation; needs Chromium.
picture: $(VENV)/.dev
	$(BIN)/python -m tests.inspector.picture

# docs/configuration.md, from the settings.
reference: $(VENV)/.dev
	$(BIN)/python -m tests.settings.reference
	$(BIN)/python -m tests.observe.reference

# The site, into site/; a link that leads nowhere is an error.
docs: $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[docs]"
	$(BIN)/mkdocs build --strict

corpora: $(VENV)/.dev
	$(BIN)/python -m tests.fetch_corpora

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

lock: $(VENV)/.dev
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-options \
		--extra redis --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-options \
		--extra dev --allow-unsafe --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) node_modules .clients .corpora .coverage site
