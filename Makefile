# `make demo` and `make test` need nothing before them; `make help` says the rest.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench cite lock clean-demo
PYTHON := .venv/bin/python
VAR := $(or $(GUICHET_VAR),var)
# How many processes share the tests: two, where there are two processors. 0: none but pytest's own.
WORKERS ?= $(shell [ "$$(nproc 2>/dev/null || echo 1)" -ge 2 ] && echo 2 || echo 0)

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: ## Install what the demo needs, nothing else
	@setup/install.sh demo

demo: setup ## Everything, from a bare clone to http://localhost:8080 (PORT=, GUICHET_VAR=)
	@exec .venv/bin/guichet demo

test: ## Lint, types, layers, then every test (PYTEST="tests/geo -k hours", WORKERS=0 for one process)
	@setup/install.sh test
	@$(MAKE) --no-print-directory lint
	@exec $(PYTHON) -m pytest --numprocesses=$(WORKERS) --dist=loadfile \
		--max-worker-restart=0 $(PYTEST)

lint: ## ruff, mypy --strict, import-linter
	@[ -x .venv/bin/ruff ] || setup/install.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: ## Benchmarks over the data of the last demo (BENCH="http tiles" for some)
	@setup/install.sh test
	@exec $(PYTHON) -P tests/benchmarks/run.py $(BENCH)

cite: ## OGC's own test suites against a running server (IUT=http://localhost:8080/ogc)
	@exec $(PYTHON) -P tests/conformance/cite.py $(or $(IUT),http://localhost:8080/ogc)

# Without any address of a registry: a lock is for everybody.
lock: ## Compile the hashed requirements again (UPGRADE=--upgrade for newer versions)
	@[ -x .venv/bin/uv ] || setup/install.sh test
	.venv/bin/uv pip compile -q $(UPGRADE) --universal --generate-hashes --python-version 3.12 \
		--custom-compile-command "make lock" pyproject.toml setup/requirements.in -o requirements.txt
	.venv/bin/uv pip compile -q $(UPGRADE) --universal --generate-hashes --python-version 3.12 \
		--custom-compile-command "make lock" -c requirements.txt --extra dev \
		pyproject.toml setup/requirements.in -o requirements-dev.txt
	.venv/bin/uv pip compile -q $(UPGRADE) --universal --generate-hashes --python-version 3.12 \
		--custom-compile-command "make lock" setup/requirements-uv.in -o setup/requirements-uv.txt
	for engine in setup/engines/*.in; do \
		.venv/bin/uv pip compile -q $(UPGRADE) --universal --generate-hashes --python-version 3.12 \
			--custom-compile-command "make lock" $$engine -o $${engine%.in}.txt || exit 1; done
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
	npm install --prefix tests/simulators/modele_social --package-lock-only \
		--omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean-demo: ## Stop the private database and delete what runs made (var/)
	@[ ! -x .venv/bin/guichet ] || [ -n "$$GUICHET_DATABASE_URL" ] || .venv/bin/guichet cluster stop
	rm -rf -- "$(VAR)"
