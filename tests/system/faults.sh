#!/usr/bin/env bash
# faults.sh PROGRAM LAUNCHER RANKS COMPARE: signals, kill -9, disks that are full, read-only or gone, too little memory, data
# that change. Each ends in time, with the right results after --resume or with one message and the right status, and
# never with damaged results. Runs in a folder of its own. What needs a mount of its own is skipped, by name, without it.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 compare=$4
failures=0
RANDOM=20260223

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# begin ARGUMENT...: in the background; its launcher's number is in $mpirun, its output in log.
begin() {
  # shellcheck disable=SC2086 # the launcher is a command with an option
  $launcher "$ranks" "$program" run case.yaml "$@" >log 2>&1 </dev/null &
  mpirun=$!
}

# finish: waits at most 90 seconds for what `begin` began, and for its ranks; the status is in $status.
finish() {
  local ranks_left=$1 waited=0
  while kill -0 $mpirun 2>/dev/null && ((waited < 900)); do
    sleep 0.1
    waited=$((waited + 1))
  done
  ((waited < 900)) || failed 'a hang'
  kill -9 $mpirun 2>/dev/null
  wait $mpirun 2>/dev/null
  status=$?
  for pid in $ranks_left; do # ranks whose launcher is gone notice it and end
    waited=0
    while kill -0 "$pid" 2>/dev/null && ((waited < 300)); do
      sleep 0.1
      waited=$((waited + 1))
    done
    kill -9 "$pid" 2>/dev/null && failed 'a rank outlives its launcher by half a minute'
  done
}

rank_pids() { ps -o pid= --ppid $mpirun 2>/dev/null; }

# await PATTERN: until the log has it, at most a minute.
await() {
  for _ in $(seq 600); do
    grep -Eq "$1" log 2>/dev/null && return 0
    kill -0 $mpirun 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

run() {
  begin "$@"
  finish ''
}

# expect NAME STATUS PATTERN: of the last run.
expect() {
  [ "$status" = "$2" ] || failed "$1: exit status $status, expected $2"
  grep -Eq "$3" log || failed "$1: nothing matches $3"
  [ "$(grep -c '^widelimit: error: ' log)" -le 1 ] || failed "$1: more than one message"
}

same() { "$compare" reference/results.h5 out/results.h5 0 >>log 2>&1 || failed "$1: other results"; }

# go_on NAME: the run ends well, and right, with --resume.
go_on() {
  run --resume --set checkpoint.every_minutes=30
  [ "$status" = 0 ] || failed "$1: exit status $status on resume"
  same "$1"
}

fresh() {
  rm -rf ckpt out
  awk 'BEGIN { for (i = 0; i < 700; i++) printf "%.6f,%.6f,%.6f\n", sin(i), cos(3 * i), sin(7 * i + 1) }' >X.csv
  awk 'BEGIN { for (i = 0; i < 700; i++) printf "%.6f\n", sin(2 * i) }' >Y.csv
  awk 'BEGIN { for (i = 0; i < 90; i++) printf "%.6f,%.6f,%.6f\n", sin(5 * i), cos(i), sin(i) }' >T.csv
}

cat >case.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv}
network: {depth: 2, activation: erf}
noise_variance: 0.05
grid: {block: 16}
checkpoint: {directory: ckpt, every_minutes: 0}
output: {directory: out}
END
fresh
run --set checkpoint.every_minutes=30 --set output.directory=reference
expect 'the reference run' 0 'nngp'

### signals: on a rank, on mpirun
for target in rank mpirun; do
  fresh
  begin
  await '000003.h5' || failed "USR1 on $target: no third checkpoint"
  if [ $target = rank ]; then kill -USR1 "$(rank_pids | tail -n 1)"; else kill -USR1 $mpirun; fi
  finish ''
  expect "USR1 on $target" 75 'stopped by .*--resume'
  go_on "USR1 on $target"
done
fresh
begin
await '000003.h5' || failed 'TERM on a rank: no third checkpoint'
kill -TERM "$(rank_pids | tail -n 1)"
finish ''
expect 'TERM on a rank' 75 'stopped by .*--resume'
go_on 'TERM on a rank'

### a second SIGTERM stops at once
fresh
begin
await '000003.h5' || failed 'two TERMs: no third checkpoint'
pid=$(rank_pids | tail -n 1)
kill -TERM "$pid"
kill -TERM "$pid" 2>/dev/null
finish ''
[ "$status" != 0 ] || failed 'two TERMs: exit status 0'
go_on 'two TERMs'

### kill -9 of a rank, of rank 0, of mpirun, at random moments of one run that goes on each time
fresh
ended=0
for kill_number in $(seq 20); do
  begin --resume
  sleep "$((RANDOM % 2)).$((RANDOM % 9))"
  pids=$(rank_pids)
  case $((kill_number % 3)) in
    0) victim=$mpirun ;;
    1) victim=$(head -n 1 <<<"$pids") ;;
    *) victim=$(tail -n 1 <<<"$pids") ;;
  esac
  # shellcheck disable=SC2086 # a process number, or nothing where the ranks have not begun
  kill -9 ${victim:-$mpirun} 2>/dev/null
  finish "$pids"
  if [ -e out/results.h5 ]; then
    ended=$((ended + 1))
    same "kill $kill_number"
    rm -rf out
  fi
done
go_on 'after 20 kills'

### the folder of the checkpoints is removed; then there is nothing to go on from
fresh
begin
await '000003.h5' || failed 'removed: no third checkpoint'
mv ckpt removed && rm -rf removed
finish ''
expect 'checkpoints removed' 0 'nngp'
same 'checkpoints removed'

### other data
fresh
begin
await '000003.h5' || failed 'data: no third checkpoint'
kill -USR1 $mpirun
finish ''
sed -i '5s/$/1/' X.csv
run --resume
expect 'training inputs changed' 2 'other data: the training inputs'
[ -n "$(ls ckpt)" ] || failed 'training inputs changed: the checkpoints are gone'

### too little memory on one rank
fresh
cat >limited.sh <<'END'
#!/usr/bin/env bash
[ "${OMPI_COMM_WORLD_RANK:-0}" != 1 ] || ulimit -v "$limit"
exec "$@"
END
chmod +x limited.sh
cat >large.yaml <<'END'
synthetic: {train: 14000, test: 10, dimension: 2}
END
# shellcheck disable=SC2086
timeout -k 5 90 $launcher "$ranks" env limit=700000 ./limited.sh "$program" run large.yaml >log 2>&1 </dev/null
status=$?
expect 'too little memory on rank 1' 2 'error: .*address space.*\(rank 1\)'

### disks of their own
if ! { mkdir -p small && mount -t tmpfs -o size=5m none small; } 2>/dev/null; then
  echo 'skipped: full and read-only disks (mounting is not allowed here)'
  exit $((failures > 0))
fi
trap 'umount small' EXIT
fresh
run --set checkpoint.directory=small --set checkpoint.keep=1
expect 'disk full during a checkpoint' 0 'warning: no checkpoint could be written: .*(No space|cannot be written)'
same 'disk full during a checkpoint'
rm -f small/*
head -c 3500000 /dev/zero >small/filler
begin --set checkpoint.directory=small --set checkpoint.every_minutes=30
await 'matrix' || failed 'disk full at a stop: the run did not begin'
kill -USR1 $mpirun
finish ''
expect 'disk full at a stop' 5 'error: .*no checkpoint could be written'
rm -f small/*
head -c 5190000 /dev/zero >small/filler
run --set output.directory=small/out --set checkpoint.every_minutes=30
expect 'disk full during results' 5 'error: .*small/out'
[ ! -e small/out/results.h5 ] || failed 'disk full during results: a result file is left'
rm -rf small/*
mount -o remount,ro small
run --set checkpoint.directory=small/ckpt
expect 'read-only disk for checkpoints' 5 'error: .*small/ckpt'
run --set output.directory=small/out
expect 'read-only disk for results' 5 'error: .*small/out'
exit $((failures > 0))
