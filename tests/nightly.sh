#!/usr/bin/env bash
# What takes too long for every change: all tests on all rank counts under AddressSanitizer and
# UndefinedBehaviorSanitizer, and the parsers fuzzed for a while.
#
#   tests/nightly.sh [SECONDS-FOR-EACH-PARSER]     600 unless told otherwise
set -euo pipefail

# shellcheck source-path=SCRIPTDIR/../jobs source=setup.sh
. "$(dirname "$0")/../jobs/setup.sh"
install_packages "${build_packages[@]}" clang libclang-rt-14-dev
build_project asan build-asan
run_ctest asan
./tests/fuzz/run.sh "${1:-600}"
