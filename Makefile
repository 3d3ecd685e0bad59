# Everything a developer runs. Set-up happens once, in .venv; `make clean` takes it away.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -qq

.PHONY: help demo install test lint fmt soak accept bench coverage vendor dist clean
.DELETE_ON_ERROR:

help:
	@echo "make demo      install into $(VENV) and answer two questions"
	@echo "make install   the extras too: many rows and Parquet, the server, pictures as PNG, the shell's editor"
	@echo "make test      lint, types, tests (what CI runs)"
	@echo "make soak      the long tests"
	@echo "make lint fmt  check, or put right, how the code is written"
	@echo "make accept    rewrite the command transcripts; read the diff"
	@echo "make bench     measure (installs the peers first); make coverage: which lines the tests reach"
	@echo "make vendor    fetch the SPARQL editor (npm)"
	@echo "make dist      wheel and sdist in dist/; make clean: take away what was made"

# ---- set-up, once ----------------------------------------------------------------------------

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml hatch_build.py
	@echo "installing inforce into $(VENV), once: half a minute"
	@$(PIP) install -e .
	@touch $@

$(VENV)/.extras: $(VENV)/.made pyproject.toml hatch_build.py
	@echo "installing inforce with what any of its commands asks for into $(VENV), once: a minute"
	@$(PIP) install -e ".[all]"
	@touch $@ $(VENV)/.installed

$(VENV)/.peers: $(VENV)/.made pyproject.toml hatch_build.py
	@echo "installing what the benchmarks compare with into $(VENV), once: a minute"
	@$(PIP) install -e ".[all,bench]"
	@touch $@ $(VENV)/.installed

$(VENV)/.tools: $(VENV)/.made pyproject.toml hatch_build.py
	@echo "installing inforce and its test tools into $(VENV), once: a minute"
	@$(PIP) install -e ".[test]"
	@touch $@ $(VENV)/.installed

# ---- what people run -------------------------------------------------------------------------

demo: $(VENV)/.installed
	$(BIN)/inforce check citizenships=IND trip_only_us_or_spm=yes \
	  held_temporary_status_in_canada_on_departure=yes \
	  held_permit_or_tr_authorization_before_trip=yes \
	  returns_within_authorized_stay=yes \
	  purpose_is_immigration_service=yes --on 2024-12-24 --ordinarily
	$(BIN)/inforce changes --from 2024-11-01 --to 2025-02-28

install: $(VENV)/.extras

test: lint
	$(BIN)/python -m pytest -n 2 -m "not slow"

lint: $(VENV)/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict kg cli

fmt: $(VENV)/.tools
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: $(VENV)/.tools
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n 2

accept: $(VENV)/.tools
	$(BIN)/python -m pytest -m transcript --accept

bench: $(VENV)/.peers
	$(BIN)/python benchmarks/run.py

coverage: $(VENV)/.tools
	$(BIN)/coverage run -m pytest -m "not slow"
	$(BIN)/coverage report

# The editor of the SPARQL page, from npm; everything else works without it.
vendor:
	$(PYTHON) vendor.py

dist: $(VENV)/.made
	@$(PYTHON) vendor.py || echo "the wheel comes without the SPARQL editor"
	$(PIP) install build
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find kg cli tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
