# Bursar. `make` alone says what there is. Every target works from a fresh clone: needed are Python 3.11
# and the package registries, nothing else.

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
VENV    := .venv
RUN     := $(VENV)/bin/
WORKERS ?= 2
LOCALES := src/bursar/web/locales
LANGUAGES := ar

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test check gates contracts proof lock translations reference browser clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv with everything, from the lock files

demo: install ## Play the story and leave the product running (ONCE=1: play it and stop)
	$(RUN)python -m bursar.demo $(if $(ONCE),--once)

test: install browser gates ## Everything CI runs, browser included (BURSAR_NO_BROWSER=1: without)
	$(RUN)python -m pytest -n $(WORKERS) --dist loadfile

check: install gates ## The quick part: format, types, import contracts, house rules, pure tests
	$(RUN)python -m pytest -m pure -q

# Each gate has its say before the first "no" counts.
gates: install
	@status=0; for gate in "ruff format --check ." "ruff check ." "python -m dev.rules" \
			"lint-imports --no-logo" "deptry ." "basedpyright" "python -m dev.reference --check"; do \
		echo "== $$gate"; $(RUN)$$gate || status=1; \
	done; exit $$status

contracts: install ## Compare our schemas with the vendors' originals (FROM=DIR)
	@test -n "$(FROM)" || { echo "Say where the originals are: make contracts FROM=DIR"; exit 2; }
	$(RUN)python -m dev.contracts $(FROM)

# One after the other: some measure a pace. What they counted ends the output and stays in dist/proof.xml.
proof: install ## The long proofs: kills, races, paces, the API's contract, the wall alone
	$(RUN)python -m pytest -m proof --junitxml=dist/proof.xml

lock: install ## Resolve the dependencies anew into requirements/ (UPGRADE=1: to the newest)
	$(RUN)uv pip compile $(LOCK_OPTIONS) pyproject.toml -o requirements/run.txt
	$(RUN)uv pip compile $(LOCK_OPTIONS) --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
LOCK_OPTIONS = --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(if $(UPGRADE),--upgrade)

translations: install ## Collect the texts people see, bring the languages up to date, compile them
	@mkdir -p dist $(LOCALES)
	$(RUN)pybabel -q extract -F pyproject.toml -k N_ --sort-by-file --no-wrap --add-location=file \
		--project=Bursar -o dist/bursar.pot src/bursar
	for language in $(LANGUAGES); do \
		$(RUN)pybabel -q update -i dist/bursar.pot -d $(LOCALES) -D bursar -l $$language --no-wrap \
			--init-missing --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date || exit 1; \
	done
	$(RUN)pybabel -q compile -d $(LOCALES) -D bursar

reference: install ## Write the generated pages of docs/reference
	$(RUN)python -m dev.reference

browser: install
	$(RUN)python -m dev.browser

clean: ## Remove what the targets above made, but not the data of a demo
	rm -rf $(VENV) node_modules dist src/bursar/web/static/vendor src/bursar/billing/documents/fonts $(LOCALES)/*/LC_MESSAGES/*.mo

# Two stamps: what the lock file says (minutes), and our own package with its assets (seconds).
$(VENV)/.locked: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Bursar needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(RUN)python || $(PYTHON) -m venv $(VENV) \
		|| { echo "$(PYTHON) cannot make virtual environments; Debian has that in python3-venv."; exit 1; }
	$(RUN)python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml package-lock.json hatch_build.py \
		$(wildcard $(LOCALES)/*/LC_MESSAGES/bursar.po)
	$(RUN)python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
