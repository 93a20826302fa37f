# make demo   raise a sample client network, scan it, report, open the TUI
# make test   every test, the lab's real packets included
# make check  ruff and mypy --strict
# make bench  timings that the README states, and fencewalk beside Nmap, masscan and zmap (root; half an hour)
# make soak   peak memory of a scan of a /16 x 1000, long fuzzing of probes, parsers and the TUI (root; an hour)
#
# Each sets up what it needs: a virtual environment in .venv and, when run as root, the Debian packages that are missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= harbor-dental
.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak packages test-packages bench-packages clean

help:
	@sed -n 's/^# make /make /p' Makefile

demo: packages $(VENV)/.ready
	@$(BIN)/fencewalk demo $(DEMO)

test: packages test-packages $(VENV)/.compiled
	@$(BIN)/pytest -n 16 --dist loadscope || \
	  { echo "What failed beside fifteen others runs once more, alone; it has to pass then." >&2; \
	    $(BIN)/pytest -n 0 --last-failed --last-failed-no-failures none; }

check: $(VENV)/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: packages bench-packages $(VENV)/.ready
	@$(BIN)/python -m pytest tests/benchmarks/bench_commands.py -q -s -p no:xdist
	@$(BIN)/python tests/benchmarks/bench_packets.py
	@$(BIN)/python tests/benchmarks/bench_identify.py --office
	@$(BIN)/python tests/benchmarks/bench_assess.py
	@$(BIN)/python tests/benchmarks/bench_import.py
	@$(BIN)/python tests/benchmarks/bench_tui.py

soak: packages $(VENV)/.ready
	@$(BIN)/python tests/benchmarks/bench_packets.py memory
	@FENCEWALK_FUZZ=100 $(BIN)/pytest -q -n 2 tests/probes tests/identify
	@FENCEWALK_FUZZ=153 $(BIN)/pytest -q -n 2 --dist load tests/tui/test_tui_hostile.py

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "fencewalk needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version`. Set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { sh .ci/packages python3-venv && $(PYTHON) -m venv $(VENV); }
	@echo "Installing fencewalk and its libraries into $(VENV)" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e '.[dev]'
	@touch $@

# Once, and not in every worker of the first run at the same time.
$(VENV)/.compiled: $(VENV)/.ready
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest --collect-only -qq >/dev/null || true
	@touch $@

# Says what is missing and goes on with what works, where it may not install.
packages:
	@sh .ci/packages nmap nftables iproute2

test-packages:
	@sh .ci/packages chromium tmux avahi-daemon libcap2-bin rpm

bench-packages:
	@sh .ci/packages masscan zmap

clean:
	rm -rf $(VENV) build dist *.egg-info demo
