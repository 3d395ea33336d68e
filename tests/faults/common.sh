# shellcheck shell=bash
# What the tests of faults share: one run in the background, met at a place of its own, and a bounded wait for its end.
# Sourced by scripts with the arguments PROGRAM LAUNCHER RANKS COMPARE HOLD; works in the current folder.
program=$1 launcher=$2 ranks=$3 compare=$4 hold=$5
failures=0
status=0
mpirun=

# shellcheck source-path=SCRIPTDIR source=../ranks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../ranks.sh"

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# begin ARGUMENT...: `widelimit run case.yaml` in the background; its launcher's number is in $mpirun, its output in log.
begin() {
  rm -f held log
  # shellcheck disable=SC2086 # the launcher is a command with an option
  $launcher "$ranks" "$program" run case.yaml "$@" >log 2>&1 </dev/null &
  mpirun=$!
}

# begin_held RANK FUNCTION:COUNT ARGUMENT...: the same, and waits until that rank is held there (tests/faults/hold.c).
begin_held() {
  local rank=$1 at=$2
  shift 2
  rm -f held log
  # shellcheck disable=SC2086
  $launcher "$ranks" env LD_PRELOAD="$hold" HOLD_RANK="$rank" HOLD_AT="$at" HOLD_FILE="$PWD/held" \
    "$program" run case.yaml "$@" >log 2>&1 </dev/null &
  mpirun=$!
  for _ in $(seq 1200); do
    [ ! -e held ] || return 0
    kill -0 $mpirun 2>/dev/null || break
    sleep 0.1
  done
  failed "rank $rank never came to $at"
}

release() { rm -f held; }

rank_pids() { ranks_below "$mpirun"; }

# pid_of RANK
pid_of() { ranks_below "$mpirun" "$1"; }

# ends SECONDS PID: waits for it that long.
ends() {
  local waited=0
  while kill -0 "$2" 2>/dev/null; do
    ((waited < 10 * $1)) || return 1
    sleep 0.1
    waited=$((waited + 1))
  done
}

# Waits for what was begun, at most two minutes; its status is in $status.
finish() {
  ends 120 $mpirun || failed "a hang: $(ps -o pid=,stat=,wchan=,args= --ppid $mpirun)"
  kill -9 $mpirun 2>/dev/null
  wait $mpirun 2>/dev/null
  status=$(status_of_stop "$launcher" $? log)
}

# ranks_end PID...: ranks whose launcher is gone notice it and end.
ranks_end() {
  local pid
  for pid in "$@"; do
    ends 60 "$pid" || failed 'a rank outlives its launcher by a minute'
    kill -9 "$pid" 2>/dev/null
  done
}

run() {
  begin "$@"
  finish
}

# expect NAME STATUS PATTERN: of the last run.
expect() {
  [ "$status" = "$2" ] || failed "$1: exit status $status, expected $2"
  grep -Eq "$3" log || failed "$1: nothing matches $3"
  [ "$(grep -c '^widelimit: error: ' log)" -le 1 ] || failed "$1: more than one message"
}

# same NAME: the results are those of the reference, to the bit.
same() { "$compare" reference/results.h5 out/results.h5 0 >>log 2>&1 || failed "$1: other results"; }

# go_on NAME: the run ends well, and right, with --resume, and leaves nothing unfinished.
go_on() {
  run --resume --set checkpoint.every_minutes=30
  [ "$status" = 0 ] || failed "$1: exit status $status on resume"
  same "$1"
  [ -z "$(find ckpt out -name '*.partial' 2>/dev/null)" ] || failed "$1: unfinished files are left"
}

fresh() { rm -rf ckpt out; }

# make_case: data, configuration and the results of a run that nothing befalls.
make_case() {
  rm -rf reference
  awk 'BEGIN { for (i = 0; i < 400; i++) printf "%.6f,%.6f,%.6f\n", sin(i), cos(3 * i), sin(7 * i + 1) }' >X.csv
  awk 'BEGIN { for (i = 0; i < 400; i++) printf "%.6f\n", sin(2 * i) }' >Y.csv
  awk 'BEGIN { for (i = 0; i < 90; i++) printf "%.6f,%.6f,%.6f\n", sin(5 * i), cos(i), sin(i) }' >T.csv
  cat >case.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv}
network: {depth: 2, activation: erf}
noise_variance: 0.05
grid: {block: 16}
sampling: {ensemble: 40}
checkpoint: {directory: ckpt, every_minutes: 0}
output: {directory: out}
END
  fresh
  run --set checkpoint.every_minutes=30 --set output.directory=reference
  expect 'the reference run' 0 'nngp'
}
