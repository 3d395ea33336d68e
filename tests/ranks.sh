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
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxE "(OMPI_COMM_WORLD|PMI)_RANK=${2:-[0-9]+}" && echo "$pid"
  done
}
