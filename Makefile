# make demo     see it work: a healthy and a looping generation through a real client
# make test     every test: Swift, then Python: the cancel board's reader, real clients against the built binary, the
#               dashboard in a real Chromium
# make clients  the real-client matrix, installed and run; its results go into docs/clients.md
# make engines  real engines, installed and run: tokens after a stop, with and without; its table goes into docs/engines.md
# make spark    a sweep over a cluster of two workers comes to the totals of one process; needs Java, not part of test
# make build    the release binary, .build/release/loopguard
# make lint     the formatter, strictly
# make score    the default rules on the labelled corpus
# make bench    the benchmarks behind docs/performance.md

SWIFT ?= swift
# The Swift runtime goes into the binary: it takes less memory (docs/performance.md), and no toolchain to run.
RELEASE = $(SWIFT) build -c release --static-swift-stdlib
PYTHON ?= python3
VENV := .venv
VENV_READY := $(VENV)/.ready

# Clients whose requirements exclude each other live in environments of their own.
CLIENT_VENVS := $(patsubst Integration/clients/requirements/%.txt,.venv-clients/%/.ready,\
	$(wildcard Integration/clients/requirements/*.txt))

.PHONY: demo test test-swift test-board test-clients test-dashboard clients engines spark build debug lint format score bench \
	deps clean

demo: build $(VENV_READY)
	$(VENV)/bin/python Integration/demo.py .build/release/loopguard

test: test-swift test-board test-clients test-dashboard

# One test after the other: many measure time or hold up a thread, and machines have few cores.
test-swift: deps
	$(SWIFT) test --no-parallel

test-board: deps $(VENV_READY)
	$(SWIFT) build --product loopguard-bench
	LOOPGUARD_BENCH="$(CURDIR)/.build/debug/loopguard-bench" $(VENV)/bin/python -m pytest -q integrations/python

test-clients: debug $(VENV_READY)
	LOOPGUARD=.build/debug/loopguard $(VENV)/bin/python -m pytest -q Integration/clients Integration/endings

test-dashboard: debug $(VENV_READY)
	LOOPGUARD=.build/debug/loopguard $(VENV)/bin/python -m pytest -q Integration/dashboard

clients: build $(CLIENT_VENVS)
	$(PYTHON) Integration/clients/matrix.py --loopguard .build/release/loopguard --write docs/clients.md

engines: build .venv-engines/llama-cpp-python/.ready .venv-engines/mlx-lm/.ready
	$(PYTHON) Integration/engines/measure.py --loopguard .build/release/loopguard --write docs/engines.md \
		--llama-cpp-python .venv-engines/llama-cpp-python/bin/python --mlx-lm .venv-engines/mlx-lm/bin/python

spark: build .venv-spark/.ready
	@command -v java >/dev/null || { echo "make spark needs Java 17 or later: apt-get install default-jre-headless" >&2; exit 1; }
	LOOPGUARD=.build/release/loopguard .venv-spark/bin/python -m pytest -q integrations/spark

.venv-spark/.ready: integrations/spark/requirements.txt | deps
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

build: deps
	$(RELEASE) --product loopguard

debug: deps
	$(SWIFT) build --product loopguard

lint:
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Benchmarks Package.swift

format:
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Benchmarks Package.swift

score: build
	$(PYTHON) Tools/corpus/generate.py --check
	.build/release/loopguard replay fixtures/corpus --score
	LOOPGUARD_CORPUS=whole $(SWIFT) test --filter ReplayTests.Corpus

bench: build
	$(RELEASE) --product loopguard-bench
	.build/release/loopguard-bench core
	$(MAKE) .build/libsimdjson_parse.so
	.build/release/loopguard-bench replay fixtures/corpus --simdjson .build/libsimdjson_parse.so
	.build/release/loopguard-bench board
	.build/release/loopguard-bench runs
	.build/release/loopguard-bench record
	.build/release/loopguard-bench engine
	.build/release/loopguard-bench gateway --loopguard .build/release/loopguard --nginx

# What simdjson does to the same bytes stands beside the guard: only for that, `apt-get install libsimdjson-dev g++`.
.build/libsimdjson_parse.so: Tools/simdjson/simdjson_parse.cpp
	@test -f /usr/include/simdjson.h || { echo "apt-get install libsimdjson-dev g++" >&2; exit 1; }
	$(CXX) -O3 -DNDEBUG -shared -fPIC $< -o $@ -lsimdjson

deps:
	@Tools/install-dependencies

$(VENV_READY): Integration/requirements.txt | deps
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r Integration/requirements.txt
	@touch $@

.venv-clients/%/.ready: Integration/clients/requirements/%.txt | deps
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv-engines/%/.ready: Integration/engines/requirements/%.txt | deps
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

clean:
	rm -rf .build $(VENV) .venv-clients .venv-engines .venv-spark
