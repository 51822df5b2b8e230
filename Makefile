# Everything a developer types. `make` alone lists the targets.
# One feature set and the whole workspace in every step, so that each dependency is checked once and built once.

CARGO ?= cargo
PYTHON ?= python3
# A device for test-device, such as cuda:1, and the features that it is built with, such as cuda,cuda-cpp.
DEVICE ?= auto
FEATURES ?= $(if $(filter auto,$(DEVICE)),wgpu,$(firstword $(subst :, ,$(DEVICE))))
comma := ,
DEVICE_FEATURES = $(addprefix trainer/,$(subst $(comma), ,$(FEATURES)))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build test tidy fmt fmt-check lint doc unit doctest bench demo bench-peers bench-peers-reading bench-peers-training bench-peers-scaling test-device check-gpu gpu-bench deny

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the command line, optimised: target/release/anneal
	$(CARGO) build --release --locked

demo: ## a model made from nothing learns to read small scenes; writes anneal-demo/report.html
	$(CARGO) run --release --locked -- demo

test: fmt-check tidy lint doc unit doctest test-device ## the whole gate: formats, rules of the house, lints, documentation, all tests

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

bench-peers: ## side by side with the Python libraries, an hour; writes performance.md, training-performance.md and scaling.md in docs
	$(PYTHON) benches/peers/run.py
	$(MAKE) bench-peers-training
	$(MAKE) bench-peers-scaling
	$(MAKE) bench-peers-reading

bench-peers-reading: ## rows a second beside the library datasets, which PYTHON must have
	$(PYTHON) benches/peers/reading.py

bench-peers-training: ## training steps beside transformers and PEFT; writes docs/training-performance.md
	$(PYTHON) benches/peers/training.py

bench-peers-scaling: ## a GRPO update as each of its sizes grows; writes docs/scaling.md
	$(PYTHON) benches/peers/scaling.py

check-gpu: ## type-check the features of the graphics cards
	$(CARGO) check --locked --workspace --features anneal-cli/wgpu
	$(CARGO) check --locked --workspace --features anneal-cli/vulkan
	scripts/check-cuda $(CARGO)

# A software driver is slow to compile shaders: few shapes, least tuning and fusing. It wants a private run-time folder. One test at a
# time, because they share the memory of a device, which one of them measures.
test-device: ## what a device computes beside the CPU: DEVICE=cuda, vulkan or wgpu; alone, what WebGPU finds, if anything
	@if [ "$(DEVICE)" = auto ] && why=$$(scripts/no-driver); then \
		echo "tests of a device are skipped: $$why"; \
	else \
		export ANNEAL_TEST_DEVICE="$(DEVICE)" XDG_RUNTIME_DIR="$${XDG_RUNTIME_DIR:-$$(mktemp -d)}"; \
		case "$(DEVICE)" in auto|wgpu*) \
			export CUBECL_AUTOTUNE_LEVEL="$${CUBECL_AUTOTUNE_LEVEL:-minimal}"; \
			export BURN_FUSION_MAX_EXPLORATIONS="$${BURN_FUSION_MAX_EXPLORATIONS:-0}";; \
		esac; \
		limit="$(if $(DEVICE_SECONDS),timeout $(DEVICE_SECONDS))" status=0; \
		set -x; $$limit $(CARGO) test --locked --workspace --features "$(DEVICE_FEATURES)" --test parity device:: -- --nocapture --test-threads=1 \
			|| status=$$?; { set +x; } 2>/dev/null; \
		if [ -n "$$limit" ] && [ $$status = 124 ]; then \
			echo "tests of a device are cut off after $(DEVICE_SECONDS) seconds; they found nothing wrong until then"; \
		else \
			exit $$status; \
		fi; \
	fi

gpu-bench: ## on a card: gates, then speed beside transformers and PEFT; DEVICE=cuda
	scripts/gpu-bench --device "$(if $(filter auto,$(DEVICE)),cuda,$(DEVICE))"

deny: ## licences, advisories and sources of all dependencies; needs cargo-deny
	$(CARGO) deny --locked check
