#!/usr/bin/env bash
# Builds and runs the test suite; with CI=true all of it.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/run.sh [CTEST-ARGUMENT...]

Installs the Debian packages that are missing (as root or with sudo; otherwise says which), builds in build/ and runs
the test suite through CTest. Arguments go to ctest: `-R cholesky` runs the tests of that name, `-L unit` the unit tests,
`-L ranks3` those on 3 ranks. The log is build/logs/ctest-release.log.
With CI=true in the environment it also runs the tests labelled ci, installs what only some tests need (Slurm), and no
test may be skipped for the lack of that; without arguments, those labelled ci are left out otherwise.
END
}

case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
esac

# shellcheck source-path=SCRIPTDIR/../jobs source=setup.sh
. "$(dirname "$0")/../jobs/setup.sh"
install_packages "${build_packages[@]}"
if [ "${CI-}" = true ]; then
  install_packages "${test_packages[@]}"
elif (($# == 0)); then
  set -- --label-exclude '^ci$'
fi
build_project release build
run_ctest release "$@"
