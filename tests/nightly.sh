#!/usr/bin/env bash
# What takes too long for every change: all tests on all rank counts under AddressSanitizer and
# UndefinedBehaviorSanitizer, the parsers fuzzed for a while, faults that the tests must notice, and other MPIs and processors.
#
#   tests/nightly.sh [SECONDS-FOR-EACH-PARSER [CTEST-ARGUMENT...]]
#
# 600 seconds unless told otherwise; 0: no fuzzing. `tests/nightly.sh 0 -R '^(signals|resume)[.]'` runs these tests under the sanitizers, and nothing else.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=usage.sh
. "$(dirname "$0")/usage.sh"
case ${1-} in *[!0-9]*) refuse_usage ;; esac

# shellcheck source-path=SCRIPTDIR/../jobs source=setup.sh
. "$(dirname "$0")/../jobs/setup.sh"
seconds=${1:-600}
shift || true
install_packages "${build_packages[@]}" clang libclang-rt-14-dev
build_project asan build-asan
run_ctest asan "$@"
((seconds == 0)) || ./tests/fuzz/run.sh "$seconds"
(($# == 0)) || exit 0
./tests/mutants.sh
install_packages "${port_packages[@]}"
build_project mpich build-mpich
run_ctest mpich --label-exclude '^(ci|ranks[46])$' --exclude-regex '^(partition|kills|random_kills)' # ranks of MPICH never yield a core
./tests/aarch64.sh --label-regex '^(unit|mpi)$'
