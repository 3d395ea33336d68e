#!/usr/bin/env bash
# launcher.sh PROGRAM LAUNCHER RANKS TOY: the launcher of another MPI is found out before any work; one rank by hand is not in the
# way. Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 toy=$4
failures=0
failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# refused NAME: the run before ended with 2, one message that names the variable, and nothing written
refused() {
  [ "$status" = 2 ] || failed "$1: exit status $status, expected 2"
  [ "$(grep -c '^widelimit: error: ' log)" = 1 ] || failed "$1: not one message"
  grep -Eq "^widelimit: error: $1 is 3, but MPI sees one rank: .*mpirun -n 3.*env -u $1" log || failed "$1: no remedy"
  [ ! -e out ] || failed "$1: something was written"
}

# worked NAME: the run before did
worked() {
  [ "$status" = 0 ] || failed "$1: exit status $status"
  [ -s out/results.h5 ] || failed "$1: no results"
}

run() { # [NAME=VALUE]...
  rm -rf out
  env -u OMPI_COMM_WORLD_SIZE -u PMI_SIZE -u SLURM_STEP_NUM_TASKS "$@" >log 2>&1 </dev/null
  status=$?
}
command=("$program" run "$toy" --set output.directory=out)

for name in PMI_SIZE OMPI_COMM_WORLD_SIZE MV2_COMM_WORLD_SIZE JSM_NAMESPACE_SIZE SLURM_STEP_NUM_TASKS; do
  run "$name=3" "${command[@]}"
  refused $name
done
for rank in 1 2; do # the first process alone speaks
  run SLURM_STEP_NUM_TASKS=3 SLURM_PROCID=$rank "${command[@]}"
  [ "$status" = 2 ] || failed "process $rank: status $status"
  [ ! -s log ] || failed "process $rank speaks too"
done
run PMI_SIZE=3 "$program" --version
[ "$status" = 0 ] || failed '--version is not work'

# by hand inside an allocation, whose size is known but which no launcher has divided; one rank in a step of more
run SLURM_NTASKS=3 SLURM_JOB_ID=7 "${command[@]}"
worked 'by hand in an allocation'
run SLURM_STEP_NUM_TASKS=1 "${command[@]}"
worked 'a step of one task'
# shellcheck disable=SC2086 # the launcher is a command with an option
run SLURM_STEP_NUM_TASKS=3 $launcher 1 "${command[@]}"
worked 'mpirun -n 1 in a step of more tasks'
# shellcheck disable=SC2086
run SLURM_STEP_NUM_TASKS=3 $launcher "$ranks" "${command[@]}"
worked 'mpirun on more ranks in a step of other tasks'

# the real thing, where another MPI's launcher is installed
for other in mpirun.openmpi mpiexec.mpich; do
  [ "$(readlink -f "$(command -v $other)")" != "$(readlink -f "$(command -v "${launcher%% *}")")" ] || continue
  command -v $other >/dev/null || continue
  run $other -n 3 "${command[@]}"
  case $other in mpiexec.mpich) refused PMI_SIZE ;; *) refused OMPI_COMM_WORLD_SIZE ;; esac
done
exit $((failures > 0))
