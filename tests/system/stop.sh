#!/usr/bin/env bash
# stop.sh PROGRAM LAUNCHER RANKS COMPARE TOY HOLD: two runs that want the same checkpoints, and what ends a run early: in the draws,
# by way of mpirun, in a study of finite networks. Each goes on to the right results. Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 compare=$4 toy=$5 library=$6
failures=0

# shellcheck source-path=SCRIPTDIR source=../ranks.sh
. "$(dirname "$0")/../ranks.sh"

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# begin ARGUMENT...: in the background; its launcher's number is in $mpirun, its output in log.
begin() {
  : >log
  # shellcheck disable=SC2086 # the launcher is a command with an option
  $launcher "$ranks" "$program" "$@" >log 2>&1 </dev/null &
  mpirun=$!
}

# hold FUNCTION:COUNT ARGUMENT...: as begin, then waits until rank 0 is held there. It goes on when the file held is gone.
hold() {
  local at=$1
  shift
  rm -f held
  # shellcheck disable=SC2086
  $launcher "$ranks" env LD_PRELOAD="$library" HOLD_RANK=0 HOLD_AT="$at" HOLD_FILE="$PWD/held" "$program" "$@" \
    >log 2>&1 </dev/null &
  mpirun=$!
  for _ in $(seq 1200); do
    [ -e held ] && return
    kill -0 $mpirun 2>/dev/null || break
    sleep 0.1
  done
  failed "rank 0 was not held at $at"
}

# finish: waits for it, at most two minutes; the status is in $status.
finish() {
  for _ in $(seq 1200); do
    kill -0 $mpirun 2>/dev/null || break
    sleep 0.1
  done
  kill -9 $mpirun 2>/dev/null && failed 'a hang'
  wait $mpirun 2>/dev/null
  status=$(status_of_stop "$launcher" $? log)
}

# expect NAME STATUS PATTERN: of the last run.
expect() {
  [ "$status" = "$2" ] || failed "$1: exit status $status, expected $2"
  grep -Eq "$3" log || failed "$1: nothing matches $3"
  [ "$(grep -c '^widelimit: error: ' log)" -le 1 ] || failed "$1: more than one message"
}

# gone PID: waits for a rank whose launcher was killed; it holds its lock until it notices.
gone() {
  for _ in $(seq 600); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  failed "process $1 outlives its launcher"
  kill -9 "$1"
}

last_rank() { ranks_below $mpirun $((ranks - 1)); }

cat >case.yaml <<'END'
name: case
synthetic: {train: 1500, test: 60, dimension: 6}
network: {depth: 2, activation: erf}
noise_variance: 0.05
quantities: [ntk_gp]
grid: {block: 32}
checkpoint: {directory: ckpt, every_minutes: 30}
output: {directory: out}
END
rm -rf ckpt out other reference
begin run case.yaml --set output.directory=reference
finish
expect 'the reference run' 0 'ntk_gp'
[ -z "$(ls -A ckpt)" ] || failed 'something is left in the folder of the checkpoints'

### two runs with the same checkpoints: the second ends, the first does not notice. A killed one is not in the way.
hold rename:3 run case.yaml --set checkpoint.every_minutes=0
# shellcheck disable=SC2086
timeout -k 5 300 $launcher "$ranks" "$program" run case.yaml --resume --set output.directory=other >second 2>&1 </dev/null
second=$?
rm held
finish
[ "$status" = 0 ] || failed "two runs: the first ended with $status"
[ $second = 5 ] || failed "two runs: the second ended with $second: $(cat second)"
grep -Eq '^widelimit: error: ckpt: the checkpoints of case are in use by process [0-9]+ on ' second || failed 'two runs: no message'
"$compare" reference/results.h5 out/results.h5 0 || failed 'two runs: other results'

hold rename:3 run case.yaml --set checkpoint.every_minutes=0
mapfile -t pids < <(ranks_below $mpirun)
kill -9 $mpirun
finish
for pid in "${pids[@]}"; do gone "$pid"; done
rm -f held
[ -e ckpt/.case.lock ] || failed 'killed: no lock was there'
rm -rf out
begin run case.yaml --resume
finish
expect 'after kill -9' 0 'attempt 2'
"$compare" reference/results.h5 out/results.h5 0 || failed 'after kill -9: other results'

### SIGTERM to mpirun, which Open MPI hands on after as many seconds as it then gives the ranks. Rank 0 is held until then.
rm -rf out
export OMPI_MCA_odls_base_sigkill_timeout=10
hold pdsyrk_:2 run case.yaml --set name=late
kill -TERM $mpirun
finish
unset OMPI_MCA_odls_base_sigkill_timeout
[ "$status" != 0 ] || failed 'TERM to mpirun: status 0'
[ -n "$(find ckpt -name 'late.*.h5')" ] || failed 'TERM to mpirun: no checkpoint'
begin run case.yaml --resume --set name=late
finish
expect 'after TERM to mpirun' 0 'attempt 2'
"$compare" reference/results.h5 out/results.h5 0 || failed 'after TERM to mpirun: other results'

# study FOLDER [OPTION]: of 192 networks
study() {
  begin finite "$toy" --set output.directory="$PWD/$1" --set \
    'finite_width={widths: [32, 64, 128], networks: 64, heads: 4, stop: {residual: 1.0e-3}}' "${@:2}"
}

### a study of finite networks: SIGTERM to a rank, SIGUSR1 to mpirun
rm -rf whole
study whole
finish
for signal in TERM USR1; do
  rm -rf stopped
  study stopped
  for _ in $(seq 6000); do
    [ "$(stat -c %s stopped/.finite.journal 2>/dev/null || echo 0)" -gt 20000 ] && break
    kill -0 $mpirun 2>/dev/null || break
    sleep 0.02
  done
  if [ $signal = TERM ]; then kill -TERM "$(last_rank)"; else kill -USR1 $mpirun; fi
  finish
  if [ "$status" != 0 ]; then
    expect "finite, $signal" 75 '^widelimit: error: stopped by .*: [0-9]+ of 192 networks are measured; run it again with --resume'
    study stopped --resume
    finish
    grep -Eq 'resumed  [1-9][0-9]* of 192 networks' log || failed "finite, $signal: did not go on"
  fi
  "$compare" whole/finite.h5 stopped/finite.h5 0 || failed "finite, $signal: other results"
done
exit $((failures > 0))
