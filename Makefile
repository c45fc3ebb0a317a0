# Everything a person runs. Each target installs what it needs first (Debian; see toolchains/setup).
.DEFAULT_GOAL := help
.PHONY: help setup demo web test bench format tidy clean

# The C++ files that git knows or would add.
cpp_files = git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.hpp'

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "make %-8s %s\n", $$1, $$2 }'

setup:  ## Install what building and testing needs
	@toolchains/setup build test

demo:  ## Build the examples, natively and as wasm, and run them against a server on this machine
	@toolchains/setup build test wasm
	@cmake --preset native-release
	@cmake --build --preset native-release --target examples/all
	@cmake --preset wasm-release
	@cmake --build --preset wasm-release --target examples/all
	@node examples/run-demo.mjs build/native-release build/wasm-release

web:  ## Build the demo page and serve it on this machine
	@toolchains/setup build test wasm
	@cmake --preset wasm-release
	@cmake --build --preset wasm-release --target demo_page
	@node web/serve.mjs build/wasm-release/web

test:  ## Build and test everything: natively, in Node, Chromium and Firefox, sanitizers and clang included
	@toolchains/setup build test wasm browsers
	@toolchains/run-workflows native-debug wasm-debug wasm-release native-asan native-tsan native-clang

bench:  ## Measure against other clients, natively and in Node, Chromium and Firefox
	@toolchains/setup build test wasm browsers bench
	@cmake --preset native-speed
	@cmake --build --preset native-speed
	@bench/run build/native-speed
	@cmake --preset wasm-speed
	@cmake --build --preset wasm-speed
	@node bench/wasm/run.mjs build/wasm-speed

format:  ## Format all C++ files
	@$(cpp_files) | xargs -0 --no-run-if-empty clang-format -i

# Not over what is for Emscripten alone: its library headers are newer than Debian's clang-tidy can read.
tidy:  ## Run clang-tidy over the library and its tests
	@toolchains/setup build test
	@cmake --preset native-clang
	@git ls-files -z --cached --others --exclude-standard -- 'src/*.cpp' 'tests/*.cpp' ':!tests/install' ':!src/wasm' ':!tests/wasm' | \
	  xargs -0 --no-run-if-empty -n 1 -P 2 clang-tidy --quiet -p build/native-clang

clean:  ## Remove all that was built
	@rm -rf build
