#!/usr/bin/env bash
# Builds and runs the whole test suite.
set -euo pipefail

usage() {
  cat <<'END'
usage: tests/run.sh [CTEST-ARGUMENT...]

Installs the Debian packages that are missing (as root or with sudo; otherwise says which), builds in build/ and runs
the test suite through CTest. Arguments go to ctest: `-R cholesky` runs the tests of that name, `-L unit` the unit tests,
`-L ranks3` those on 3 ranks. The log is build/logs/ctest-release.log. With CI=true in the environment it also installs what
only some tests need (Slurm), which are skipped without, and no test may be skipped for the lack of it.
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
[ "${CI-}" != true ] || install_packages "${test_packages[@]}"
build_project release build
run_ctest release "$@"
