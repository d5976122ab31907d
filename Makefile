# SPDX-License-Identifier: Apache-2.0
# make run    builds what is missing and shows a legacy program's lines through Waybill
# make test   builds and runs every test that needs nothing but this clone
# make help   the rest

PACKAGES = build-essential cmake ninja-build ccache \
  libboost1.81-dev libsimdjson-dev libyaml-cpp-dev libcurl4-openssl-dev librdkafka-dev libssl-dev prometheus-cpp-dev \
  doctest-dev libprotozero-dev libsnappy-dev zlib1g-dev libzstd-dev libxxhash-dev libisal-dev libre2-dev libfmt-dev libspdlog-dev \
  libcli11-dev libhowardhinnant-date-dev libcurl4 libzstd1 libssl3 openssl tzdata \
  python3 python3-pytest python3-yaml python3-snappy python3-jsonschema python3-pytest-xdist iproute2 curl zstd nghttp2-proxy python3-h2 systemd-journal-remote
PYTEST = /usr/bin/python3 -m pytest -q -p no:cacheprovider
# Black-box tests mostly wait: four side by side, also on two processors.
SIDE_BY_SIDE = -n 4
WAYBILL = build/release/waybill

.DEFAULT_GOAL := help

.PHONY: help
help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: packages
packages: ## installs the Debian packages that are missing
	@missing=$$(for p in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  echo "installing:" $$missing; \
	  $$sudo apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qq -y --no-install-recommends $$missing; \
	fi

build/%/build.ninja: CMakeLists.txt CMakePresets.json cmake/*.cmake | packages
	cmake --preset $*

.PHONY: build
build: packages build/release/build.ninja ## builds the release
	cmake --build --preset release --target waybill

.PHONY: run
run: build build/legacy ## the main job, with no backend at all
	@rm -f build/legacy.ndjson
	build/legacy | $(WAYBILL) --to pretty --to file:build/legacy.ndjson --service checkout
	@echo
	$(WAYBILL) trace build/legacy.ndjson

build/legacy: examples/legacy.c
	@mkdir -p build
	$(CC) -std=c99 -O1 -Wall -Wextra -o $@ $<

.PHONY: test
test: packages build/release/build.ninja build/legacy ## unit, black-box and lint tests
	cmake --build --preset release
	build/release/tests/waybill_tests
	$(PYTEST) $(SIDE_BY_SIDE) tests/e2e tests/lint

.PHONY: test-backends
test-backends: build ## against real Loki, OpenSearch, Kafka and OpenTelemetry Collector
	# Not within a test: a first build takes longer than a test may.
	tests/backends/prepare.py
	$(PYTEST) -rs tests/backends

.PHONY: test-asan
test-asan fuzz: PACKAGES += clang-16 libclang-rt-16-dev
test-asan: packages build/asan/build.ninja ## unit tests, without the daemon's, under AddressSanitizer and UBSan
	cmake --build --preset asan --target waybill_tests
	build/asan/tests/waybill_tests

.PHONY: test-tsan
test-tsan: packages build/tsan/build.ninja build/legacy ## black-box tests, and unit tests of what has threads, under TSan
	cmake --build --preset tsan --target waybill_tests waybill
	build/tsan/tests/waybill_tests
	WAYBILL_BIN=$(CURDIR)/build/tsan/waybill $(PYTEST) $(SIDE_BY_SIDE) tests/e2e

.PHONY: conformance
conformance: build ## DATA=DIR: real logs and cases, and the share that comes out right
	python3 tests/conformance/run.py "$(DATA)" $(if $(LEAST),--least $(LEAST)) $(if $(PAGE),--write $(PAGE))

FUZZ = json_walker lines config line_carry stream_framer times gzip_file contract redaction
FUZZ_SECONDS = 60
.PHONY: fuzz
fuzz: packages build/asan/build.ninja ## FUZZ="TARGET …" FUZZ_SECONDS=60: fuzzers under the same, one after another
	cmake --build --preset asan --target $(FUZZ:%=fuzz_%)
	for f in $(FUZZ); do \
	  mkdir -p build/asan/found/$$f && build/asan/tests/fuzz/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) \
	    -artifact_prefix=build/asan/found/ build/asan/found/$$f tests/fuzz/corpus/$$f || exit 1; done

.PHONY: bench
bench: packages build/release/build.ninja ## speed, memory and allocations, as a table
	cmake --build --preset release
	bench/run.py

.PHONY: format
format: ## clang-format over everything
	git ls-files '*.cpp' '*.h' | xargs clang-format-14 -i

.PHONY: tidy
tidy: PACKAGES += clang-tidy-14
tidy: FILES = $(shell git diff --name-only --diff-filter=d HEAD~1 -- '*.cpp')
tidy: packages build/release/build.ninja ## clang-tidy over FILES="…"; without, what changed since the last commit
	clang-tidy-14 -p build/release --quiet $(FILES)

.PHONY: clean
clean: ## removes what was built
	rm -rf build
