# shellcheck shell=bash
# A run in the background: its ranks, a place of its own where one of them is held (tests/faults/hold.c), signals, its end. Its
# launcher's number is in $mpirun, its output in log. Sourced by runs.sh; where a rank is held, the caller says by what: hold=LIBRARY.
status=0
mpirun=

# processes_below PID: of every generation; MPICH's launcher has its ranks as grandchildren.
processes_below() {
  local child
  for child in $(ps -o pid= --ppid "$1" 2>/dev/null); do
    echo "$child"
    processes_below "$child"
  done
}

# ranks_below PID [RANK]: the numbers of those that are ranks, or of that rank, by what Open MPI's launcher and MPICH's leave in their
# environment.
ranks_below() {
  local pid
  for pid in $(processes_below "$1"); do
    grep -qszxE "(OMPI_COMM_WORLD|PMI)_RANK=${2:-[0-9]+}" "/proc/$pid/environ" && echo "$pid"
  done
}

# rank_pids: of all of them. pid_of RANK: of one.
rank_pids() { ranks_below "$mpirun"; }
pid_of() { ranks_below "$mpirun" "$1"; }

# reaches SECONDS COMMAND...: waits until the command succeeds; status 1 where the run ends before, or it takes longer.
reaches() {
  local until=$((EPOCHSECONDS + $1))
  shift
  until "$@"; do
    kill -0 "$mpirun" 2>/dev/null && ((EPOCHSECONDS <= until)) || return 1
    sleep 0.02
  done
}

# begin ARGUMENT...: the program, on all ranks
begin() {
  rm -f held
  : >log
  # shellcheck disable=SC2086,SC2154 # the launcher is a command with an option; what is not assigned here, runs.sh does
  $launcher "$ranks" "$program" "$@" >log 2>&1 </dev/null &
  mpirun=$!
}

# begin_held RANK PLACE ARGUMENT...: the same, and waits until that rank is held there: after release it goes on.
begin_held() {
  local rank=$1 at=$2
  shift 2
  rm -f held
  : >log
  # shellcheck disable=SC2086,SC2154
  $launcher "$ranks" env LD_PRELOAD="$hold" HOLD_RANK="$rank" HOLD_AT="$at" HOLD_FILE="$PWD/held" "$program" "$@" \
    >log 2>&1 </dev/null &
  mpirun=$!
  reaches 300 test -e held || failed "rank $rank never came to $at"
}

release() { rm -f held; }

# ends SECONDS PID: waits for it that long.
ends() {
  local until=$((EPOCHSECONDS + $1))
  while kill -0 "$2" 2>/dev/null; do
    ((EPOCHSECONDS <= until)) || return 1
    sleep 0.1
  done
}

# Waits for what was begun, at most two minutes; its status is in $status.
finish() {
  ends 120 "$mpirun" || failed "a hang: $(ps -o pid=,stat=,wchan=,args= --ppid "$mpirun")"
  kill -9 "$mpirun" 2>/dev/null
  wait "$mpirun" 2>/dev/null
  status=$(status_of_stop "$launcher" $? log)
}

# ranks_end PID...: ranks whose launcher is gone notice it and end; until then they hold their locks.
ranks_end() {
  local pid
  for pid in "$@"; do
    ends 60 "$pid" || failed 'a rank outlives its launcher by a minute'
    kill -9 "$pid" 2>/dev/null
  done
}

# expect NAME STATUS PATTERN: of the last run.
expect() {
  [ "$status" = "$2" ] || failed "$1: exit status $status, expected $2"
  grep -Eq "$3" log || failed "$1: nothing matches $3"
  [ "$(grep -c '^widelimit: error: ' log)" -le 1 ] || failed "$1: more than one message"
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
