#!/usr/bin/env bash
# What takes too long for every change: all tests on all rank counts under AddressSanitizer and
# UndefinedBehaviorSanitizer, and the parsers fuzzed for a while.
#
#   tests/nightly.sh [SECONDS-FOR-EACH-PARSER [CTEST-ARGUMENT...]]
#
# 600 seconds unless told otherwise; 0: no fuzzing. `tests/nightly.sh 0 -R '^(signals|resume)[.]'` runs these tests alone.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR/../jobs source=setup.sh
. "$(dirname "$0")/../jobs/setup.sh"
seconds=${1:-600}
shift || true
install_packages "${build_packages[@]}" clang libclang-rt-14-dev
build_project asan build-asan
run_ctest asan "$@"
((seconds == 0)) || ./tests/fuzz/run.sh "$seconds"
