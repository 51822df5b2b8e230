# Everything a developer types. `make` alone lists the targets.
# One feature set and the whole workspace in every step, so that each dependency is checked once and built once.

CARGO ?= cargo
PYTHON ?= python3
LAVAPIPE := /usr/share/vulkan/icd.d/lvp_icd.x86_64.json

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build test tidy fmt fmt-check lint doc unit doctest bench demo bench-peers bench-peers-reading bench-peers-training bench-peers-scaling test-wgpu check-gpu deny

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the command line, optimised: target/release/anneal
	$(CARGO) build --release --locked

demo: ## a model made from nothing learns to read small scenes; writes anneal-demo/report.html
	$(CARGO) run --release --locked -- demo

test: fmt-check tidy lint doc unit doctest ## the whole gate: formats, rules of the house, lints, documentation, all tests

fmt: ## format the code
	$(CARGO) fmt --all

fmt-check:
	$(CARGO) fmt --all --check

tidy: ## the rules that no linter knows; seconds, needs neither burn nor network once fetched
	@RUST_BACKTRACE=0 $(CARGO) test --locked --quiet --package anneal-tidy

lint: ## clippy on every target, warnings are errors
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

doc: ## the API documentation, warnings are errors: target/doc/anneal/index.html
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

unit: ## unit and integration tests, with cargo-nextest when it is installed
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		set -x; $(CARGO) nextest run --locked --workspace; \
	else \
		set -x; $(CARGO) test --locked --workspace --lib --bins --tests --examples; \
	fi

doctest: ## the examples in the documentation
	$(CARGO) test --locked --workspace --doc

bench: ## criterion benches of every crate
	$(CARGO) bench --locked --workspace --benches

bench-peers: ## side by side with the Python libraries; writes docs/performance.md
	$(PYTHON) benches/peers/run.py
	$(MAKE) bench-peers-reading

bench-peers-reading: ## rows a second beside the library datasets, which PYTHON must have
	$(PYTHON) benches/peers/reading.py

bench-peers-training: ## training steps beside transformers and PEFT; writes docs/training-performance.md
	$(PYTHON) benches/peers/training.py

bench-peers-scaling: ## a GRPO update as each of its sizes grows; writes docs/scaling.md
	$(PYTHON) benches/peers/scaling.py

check-gpu: ## type-check the GPU features
	$(CARGO) check --locked --package anneal-cli --features wgpu
	$(CARGO) check --locked --package anneal-cli --features vulkan

# A software driver is slow to compile shaders: few shapes, least tuning. It wants a private run-time folder.
test-wgpu: ## small parity test on a WebGPU device; without a card install libvulkan1 and mesa-vulkan-drivers
	export XDG_RUNTIME_DIR="$${XDG_RUNTIME_DIR:-$$(mktemp -d)}" CUBECL_AUTOTUNE_LEVEL=minimal; \
	if [ -z "$${VK_ICD_FILENAMES:-}" ] && [ -e $(LAVAPIPE) ]; then export VK_ICD_FILENAMES=$(LAVAPIPE); fi; \
	$(CARGO) test --locked --package vlm-model --features wgpu --test model webgpu -- --nocapture

deny: ## licences, advisories and sources of all dependencies; needs cargo-deny
	$(CARGO) deny --locked check
