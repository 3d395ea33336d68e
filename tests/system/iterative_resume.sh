#!/usr/bin/env bash
# iterative_resume.sh PROGRAM LAUNCHER RANKS COMPARE HOLD CHECK_BRACKETS: a run of solver.method: iterative goes on from each of its
# checkpoints: on the same grid to the same results bit for bit, on others to brackets around what factors give. Kills, signals, limits,
# and checkpoints that are damaged or of another configuration. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 hold=$5 check_brackets=$6

# summary FOLDER: what it says of the solver, and of all test points, those before a stop included.
summary() { sed -nE '/^  "(solver|metrics)": \{/,/^  \}/p' "$1/summary.json"; }

# same NAME: the last run went on, and ended as the uninterrupted one.
same() {
  grep -Eq 'resumed  attempt [0-9]+: [1-9][0-9]* passes, [0-9]+ of 300 test points' log || failed "$1: did not go on"
  "$compare" reference/results.h5 out/results.h5 0 >>log 2>&1 || failed "$1: other results"
  [ "$(summary reference)" = "$(summary out)" ] || failed "$1: another summary: $(summary out)"
  [ -z "$(find out -name '.*')" ] || failed "$1: unfinished files are left"
}

# go_on NAME SETTING...: on the same ranks.
go_on() {
  local name=$1 setting settings=()
  shift
  for setting in "$@"; do settings+=(--set "$setting"); done
  on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 "${settings[@]}" || failed "$name: status $?"
}

cat >case.yaml <<'END'
name: case
seed: 4
synthetic: {train: 350, test: 300, dimension: 6}
network: {depth: 2, activation: erf}
noise_variance: 0.2
solver: {method: iterative, rank: 120, tolerance: 1.0e-3}
grid: {block: 24}
checkpoint: {directory: ckpt, every_minutes: 0, keep: 60}
output: {directory: out}
END
rm -rf ckpt kept out reference factors
on "$ranks" run case.yaml --set checkpoint.every_minutes=1000 --set output.directory=reference || failed 'the reference run'
grep -q '"crps"' reference/summary.json || failed 'no scores to compare'
[ -z "$(ls ckpt)" ] || failed 'checkpoints are left when a run is done'
sed -e '/^solver/d' -e '/^checkpoint/d' case.yaml >factors.yaml
on "$ranks" run factors.yaml --set output.directory=factors || failed 'the run with factors'

### every checkpoint of a run, in both batches
mkdir kept
begin_held 0 commit:1 run case.yaml
ln ckpt/case.*.h5 kept/
release
finish
[ "$status" = 0 ] || failed "the run with checkpoints: status $status"
"$compare" reference/results.h5 out/results.h5 0 || failed 'the run with checkpoints: other results'
numbers=$(find kept -name 'case.*.h5' | grep -oE '[0-9]{6}' | sort)
(($(wc -w <<<"$numbers") >= 12)) || failed "only $(wc -w <<<"$numbers") checkpoints were written"
other=$((ranks % 4 + 1))
step=0
for number in $numbers; do
  step=$((step + 1))
  checkpoints_to "$number" kept
  if ((step % 4 == 1)); then
    go_on "from $number"
    same "from $number"
  elif ((step % 4 == 3)); then
    on "$other" run case.yaml --resume --set grid.block=$((20 + step)) --set checkpoint.every_minutes=30 ||
      failed "from $number on $other ranks"
    grep -q 'resumed  attempt 2' log || failed "checkpoint $number was not gone on from on $other ranks"
    "$check_brackets" factors/results.h5 out/results.h5 1e-11 >>log 2>&1 || failed "from $number on $other ranks: outside"
    grep -q '"within_tolerance": true' out/summary.json || failed "from $number on $other ranks: wide"
  fi
done
grep -q ': [0-9]* passes, 256 of 300' log || failed 'no checkpoint was of the second batch'

### killed, stopped by a signal and by a limit
rm -rf ckpt out
begin_held 0 rename:3 run case.yaml # the third checkpoint is written, and not yet in its place
mapfile -t pids < <(rank_pids)
kill -9 "${pids[@]}"
release
finish
[ ! -e out/results.h5 ] || failed 'killed: results are in place'
go_on 'after kill -9'
same 'after kill -9'

rm -rf ckpt out
begin_held 0 rename:3 run case.yaml
kill -USR1 "$(pid_of 0)"
release
finish
refusal 'SIGUSR1' 75 "$status" 'stopped by (SIGUSR1|a signal on another rank); run it again with --resume to go on from ckpt/case'
[ ! -e out/results.h5 ] || failed 'SIGUSR1: results are in place'
go_on 'after SIGUSR1'
same 'after SIGUSR1'

rm -rf ckpt out
on "$ranks" run case.yaml --time-limit 00:00:01 # less than what is kept in reserve: after the first pass
refusal 'time limit' 75 $? 'stopped by the time limit; run it again with --resume to go on from ckpt/case.000001'
go_on 'after the time limit'
same 'after the time limit'

### damaged, of another configuration, in a folder without any
checkpoints_to 000005 kept
byte=$(od -An -tu1 -j 60000 -N 1 ckpt/case.000005.h5)
# shellcheck disable=SC2059 # the format is the byte
printf "\\x$(printf %02x $((byte ^ 16)))" | dd of=ckpt/case.000005.h5 bs=1 seek=60000 conv=notrunc status=none
go_on 'a byte of a panel flipped'
grep -Eq '000005.h5: is damaged.*left out' log || failed 'a byte of a panel flipped: no warning'
same 'a byte of a panel flipped'
for setting in solver.rank=121 solver.passes=300 solver.tolerance=0.1 network.depth=3 seed=5 noise_variance=0.1; do
  checkpoints_to 000005 kept
  on "$ranks" run case.yaml --resume --set "$setting"
  refusal "with $setting" 2 $? "000005.h5: was written with another configuration: ${setting%=*} was "
done
go_on 'nothing to go on from' checkpoint.directory=empty
"$compare" reference/results.h5 out/results.h5 0 >>log 2>&1 || failed 'nothing to go on from: other results'
sed '/^checkpoint/d' case.yaml >without.yaml
on "$ranks" run without.yaml --time-limit 00:01:00
refusal 'a time limit without checkpoints' 2 $? 'needs checkpoint.directory'

exit $((failures > 0))
