#!/usr/bin/env bash
# What takes too long for every change: all tests on all rank counts under AddressSanitizer and
# UndefinedBehaviorSanitizer, the parsers fuzzed for a while, faults that the tests must notice, and other MPIs and processors.
#
#   tests/nightly.sh [SECONDS-FOR-EACH-PARSER [CTEST-ARGUMENT...]]
#
# 600 seconds unless told otherwise; 0: no fuzzing. `tests/nightly.sh 0 -R '^(signals|resume)[.]'` runs these tests under the sanitizers, and nothing else.
set -euo pipefail

case ${1-} in
  -h | --help) exec sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" ;;
  *[!0-9]*)
    "$0" --help >&2
    exit 2
    ;;
esac

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
