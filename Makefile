# What one does with this package; `make` lists it. LIBTORCH, where it is set, names the LibTorch (see Scripts/setup).

ARGS ?=
PYTHON ?= python3
FIXTURES := Tests/Fixtures
RANK_TESTS := LockstepTests|TorchDistributedTests|NetworkTests
READMES := README.md README.zh-CN.md
LIBRARIES := Torch TorchNN TorchOptim TorchData TorchMetrics TorchDistributed RankProtocol Launching DatasetFiles \
	TorchVision Checkpointing Tracking MetricsEndpoint Planning RunFiles RunReport TrainingBoard Lockstep

# Swift reads LIBTORCH from another folder than this one at times, and empty means absent.
ifeq ($(strip $(LIBTORCH)),)
override LIBTORCH :=
unexport LIBTORCH
else
override LIBTORCH := $(shell realpath -ms -- '$(LIBTORCH)')
export LIBTORCH
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup python build train test fuzz bench bench-quick bench-scaling bench-plan lint format docs fixtures clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## fetch and verify LibTorch, or link the one that LIBTORCH=<folder> names
	@Scripts/setup

python: .venv/.installed  ## make .venv with PyTorch and readers of trackers' files, for fixtures and tests

build: setup  ## build everything in release mode
	swift build -c release

train: setup  ## build in release mode and train Fashion-MNIST for one epoch; ARGS="--epochs 5" adds options
	swift build -c release --product fashion-mnist
	.build/release/fashion-mnist --epochs 1 --synthetic-fallback $(ARGS)

test: setup  ## run all tests; ARGS="--filter Tensor" limits those in Swift
	swift build --build-tests
	# Tests with several ranks wait for processes on the threads that other tests go on with, so they come after those.
ifeq ($(strip $(ARGS)),)
	Scripts/swift-test --skip '^($(RANK_TESTS)|LaunchingTests)\.'
	Scripts/swift-test --filter '^LaunchingTests\.'
	Scripts/swift-test --filter '^($(RANK_TESTS))\.'
else
	Scripts/swift-test $(ARGS)
endif
	Scripts/test-setup
	Scripts/test-dependent-package

fuzz: setup  ## read a million damaged files of weights of each kind; ARGS="--filter PyTorchFuzz" limits them to one
	LOCKSTEP_FUZZ_CASES=$${LOCKSTEP_FUZZ_CASES:-1000000} Scripts/swift-test $(or $(ARGS),--filter FuzzTests)

bench: build  ## measure the five programs against PyTorch and JAX, three rounds; ARGS="--programs toy" limits them
	Benchmarks/setup
	Benchmarks/run.py $(ARGS)

bench-quick: build  ## the same in one short round
	Benchmarks/setup
	Benchmarks/run.py --quick $(ARGS)

bench-scaling: build  ## measure one and two ranks, all-reduces by size and ranks, and memory by model
	Benchmarks/scaling.py $(ARGS)

bench-plan: build  ## compare lockstep plan with two hosts behind a relay of limited rate; as root
	Benchmarks/plan_validation.py $(ARGS)

lint:  ## check layout, scripts and what must not be in the repository
	@Scripts/lint $(READMES)

format:  ## lay the Swift code out as lint expects it
	swift format --in-place --parallel --recursive --configuration .swift-format \
		Package.swift $(wildcard Sources Tests Examples)

docs: setup  ## write the documentation of all libraries to .docs/
	swift package --allow-writing-to-directory .docs generate-documentation $(LIBRARIES:%=--target %) \
		--enable-experimental-combined-documentation --warnings-as-errors \
		--transform-for-static-hosting --output-path .docs

fixtures: .venv/.installed  ## write the expected values of the tests anew, with PyTorch; ARGS="layers" for some
	.venv/bin/python $(FIXTURES)/make_fixtures.py $(ARGS)

.venv/.installed: $(FIXTURES)/requirements.txt
	$(PYTHON) -m venv .venv
	# PyTorch's own index has the wheels for the CPU; a mirror of PyPI may have them too.
	.venv/bin/python -m pip install --quiet -r $< || \
		.venv/bin/python -m pip install --extra-index-url https://download.pytorch.org/whl/cpu -r $<
	touch $@

clean:  ## remove what was built here; LibTorch and downloaded data stay
	rm -rf .build .docs
