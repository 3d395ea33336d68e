# shellcheck shell=bash
# What the scripts of jobs/, tests/run.sh and .ci/run share. Source it from a script that runs with `set -euo pipefail`;
# it changes to the project's folder; where the script was started is in $caller. Logs go to build/logs/.

caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
script=$(basename "$0")
log_dir=build/logs

# A locale that every system has: what is set may be missing here, and decimals must have points.
if locale -a 2>/dev/null | grep -qix 'C.utf-\?8'; then export LC_ALL=C.UTF-8; else export LC_ALL=C; fi

# shellcheck disable=SC2034 # for the scripts that source this
build_packages=(
  cmake make gcc libc6-dev pkg-config
  openmpi-bin libopenmpi-dev libscalapack-openmpi-dev libopenblas-dev libhdf5-openmpi-dev
  libyaml-dev libjansson-dev libgsl-dev libnlopt-dev librandom123-dev libsleef-dev libcmocka-dev
  zlib1g-dev libzip-dev nettle-dev
)

# shellcheck disable=SC2034 # what only some tests need; where it is not installed they are skipped, by name, but in CI
test_packages=(slurm-wlm iproute2 gnuplot-nox python3-numpy python3-h5py python3-scipy g++ dataset-fashion-mnist)

# shellcheck disable=SC2034 # what .ci/run needs to build with another compiler, another MPI and, beside these, for another processor
port_packages=(clang g++ mpich libmpich-dev libscalapack-mpich-dev libhdf5-mpich-dev)

# from_caller PATH: a path as the user wrote it, in the folder of the start.
from_caller() { case $1 in /*) echo "$1" ;; *) echo "$caller/$1" ;; esac }

fail() {
  printf '%s: %s\n' "$script" "$*" >&2
  exit 1
}

# refuse WORD...: what was asked for makes no sense; the program's own status for that.
refuse() { (fail "$@") || exit 2; }

# step NAME COMMAND...: runs it quietly; one line on success, the end of the log and its place on failure.
step() {
  local name=$1 log started=$SECONDS status=0
  shift
  mkdir -p "$log_dir"
  log=$log_dir/${name// /-}.log
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status != 0)); then
    tail -n "${failure_lines:-25}" "$log" >&2
    fail "$name failed with status $status (above: the end of $log)"
  fi
  printf '%-28s %4d s\n' "$name" $((SECONDS - started))
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' || echo "$package"
  done
}

# as_root COMMAND...: the command with the right to install, status 1 where there is none.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 2 ] && sudo -v; }; }; then
    sudo "$@"
  else
    return 1
  fi
}

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 "$@"; }

# The lists of packages may be missing (containers) or older than the mirror: then fetch them, once.
apt_install() {
  if ! apt-cache policy "$@" | grep -q 'Candidate: [0-9]' || ! apt_get install --no-install-recommends "$@"; then
    apt_get update && apt_get install --no-install-recommends "$@"
  fi
}

# install_packages PACKAGE...: those that are missing, from Debian; elsewhere CMake will say what it cannot find. Never in
# a batch job, where nobody has asked for it.
install_packages() {
  local missing
  [ -z "${SLURM_JOB_ID-}" ] || return 0
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || return 0
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} > 0)) || return 0
  as_root true || fail "missing packages, and no right to install them. Please have this run, then try again:
  apt-get install --no-install-recommends ${missing[*]}"
  step "install ${#missing[@]} packages" apt_install "${missing[@]}"
}

# configure PRESET FOLDER: again from the start where the folder was made for another place.
configure() {
  local cache=$2/CMakeCache.txt
  if [ -f "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
    rm -rf "$cache" "$2/CMakeFiles"
  fi
  cmake --preset "$1"
}

# build_project PRESET FOLDER
build_project() {
  step "configure $1" configure "$1" "$2"
  step "build $1" cmake --build --preset "$1" --parallel "$(nproc)"
}

# Whether ranks may read each other's memory, which spares messages within a node a copy: containers often forbid it, and
# Open MPI finds out too late.
may_read_memory() {
  grep -qs '^Seccomp:[[:space:]]*0$' /proc/self/status && ! grep -qs '[1-9]' /proc/sys/kernel/yama/ptrace_scope &&
    ! grep -qs '^1' /sys/fs/selinux/booleans/deny_ptrace
}

# What Open MPI needs where it would refuse or complain: root, fewer cores than ranks, containers without ptrace.
# What the caller has set stands.
mpi_environment() {
  export OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe-1}
  export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy-none}
  may_read_memory || export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism-none}
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}

# run_ctest PRESET ARGUMENT...: the suite, its closing lines on success, the output of what failed otherwise. Three ranks a core: tests
# of a few ranks wait for one another and for launchers more than they compute.
run_ctest() {
  local preset=$1 log=$log_dir/ctest-$1.log status=0
  shift
  mkdir -p "$log_dir"
  echo "tests of preset $preset (each is logged in $log as it ends)"
  ctest --preset "$preset" --parallel "$((3 * $(nproc)))" --no-tests=error "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status != 0)); then
    grep -v ' Passed ' "$log" | grep -v '^ *Start ' | tail -n 200 >&2 || true
    fail "tests failed (above: the failures from $log)"
  fi
  sed -n '/tests passed/,$p' "$log"
}

# number KEY FILE [WHICH]: in pretty-printed JSON, the first number of that key or another one
number() { sed -n "s/^ *\"$1\": \([-+.0-9eE]*\),\{0,1\}$/\1/p" "$2" | sed -n "${3:-1}p"; }

# median: of the numbers read, one a line
median() { sort -g | awk '{ x[NR] = $1 } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'; }

# dataset_column FILE DATASET: its numbers as text, one a line; all digits for doubles.
dataset_column() {
  local numbers
  numbers=$(mktemp)
  h5dump -d "$2" -m '%.17g' -y -w 1 -o "$numbers" "$1" >/dev/null
  echo >>"$numbers" # the last number has no end of line
  sed -n 's/^ *\(-\{0,1\}[0-9ni][-+.0-9eEnaif]*\),\{0,1\}$/\1/p' "$numbers"
  rm -f "$numbers"
}
