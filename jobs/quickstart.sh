#!/usr/bin/env bash
# From a fresh Debian 12 to the first result.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/quickstart.sh [--help]

Installs the Debian packages that are missing (as root or with sudo; otherwise says which), builds in build/ and runs
  mpirun -n 2 build/widelimit run inputs/digits/digits.yaml
Logs are in build/logs/. The second time it only does what has changed.
END
}

case ${1-} in
  '') ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

# shellcheck source-path=SCRIPTDIR source=setup.sh
. "$(dirname "$0")/setup.sh"
install_packages "${build_packages[@]}"
build_project release build
mpi_environment

run=(mpirun -n 2 build/widelimit run inputs/digits/digits.yaml)
printf '$ %s\n' "${run[*]}"
status=0
"${run[@]}" || status=$?
((status == 0)) || fail "the run failed with status $status (its message is above)"
