# shellcheck shell=bash
# The processes of a run, found by what Open MPI's launcher and MPICH's leave in their environment. Sourced by tests.

# processes_below PID: of every generation; MPICH's launcher has its ranks as grandchildren.
processes_below() {
  local child
  for child in $(ps -o pid= --ppid "$1" 2>/dev/null); do
    echo "$child"
    processes_below "$child"
  done
}

# ranks_below PID [RANK]: the numbers of those that are ranks, or of that rank.
ranks_below() {
  local pid
  for pid in $(processes_below "$1"); do
    grep -qszxE "(OMPI_COMM_WORLD|PMI)_RANK=${2:-[0-9]+}" "/proc/$pid/environ" && echo "$pid"
  done
}

# status_of_stop LAUNCHER STATUS LOG: the status of a run that has ended. Hydra before 4.1 (mpiexec of MPICH) may end with 0 once it
# has handed a signal on, whatever the ranks ended with [MPICH, pull request 5930]; the message then tells.
status_of_stop() {
  local version
  version=$(${1%% *} --version 2>/dev/null)
  if [ "$2" = 0 ] && grep -q HYDRA <<<"$version" && grep -Eq 'Version: +(3|4\.0)\.' <<<"$version" &&
    grep -q '^widelimit: error: stopped by' "$3"; then
    echo 75
  else
    echo "$2"
  fi
}
