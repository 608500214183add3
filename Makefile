# On a fresh machine with Python 3.11 and make, each of these is enough by itself:
#   make demo   the sample day, no internet and no set-up needed
#   make run    your own news
#   make test   every check and the whole suite

PYTHON ?= python3
BIN := .venv/bin
# installed and up to date when this file is newer than what it was made from
READY := .venv/.ready

.PHONY: demo run test check fix messages bench soak kills fuzz screenshots clean
.DELETE_ON_ERROR:

demo: $(READY)
	$(BIN)/broadsheet demo

run: $(READY)
	$(BIN)/broadsheet run

test: check
	$(BIN)/pytest -n 2 --dist worksteal

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.audit

fix: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# brings the catalogues of web/translations up to date with what the pages say
messages: $(READY)
	$(BIN)/python -m tests.messages

bench: $(READY)
	$(BIN)/python -m bench.run

# minutes or hours against a publisher to whom everything happens: make soak MINUTES=60 FEEDS=2000
MINUTES ?= 3
FEEDS ?= 500
soak: $(READY)
	$(BIN)/python -m tests.chaos.soak --minutes $(MINUTES) --feeds $(FEEDS)

# 200 kills (SIGKILL) at random moments
KILLS ?= 200
kills: $(READY)
	$(BIN)/python -m tests.chaos.kills --kills $(KILLS)

# look for input that breaks a promise: make fuzz SECONDS=600
SECONDS ?= 60
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,fuzz]'
	$(BIN)/python -m tests.fuzz.run --seconds $(SECONDS)

screenshots: $(READY)
	$(BIN)/python -m tests.browser.screenshots .screenshots docs

clean:
	rm -rf .venv build dist *.egg-info

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Broadsheet needs Python 3.11 or newer; name one with make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@
