#!/usr/bin/env bash
# draws.sh PROGRAM LAUNCHER RANKS COMPARE HOLD: a run goes on from each of its checkpoints in the draws, with the same results: bit
# for bit on the same grid, to 1e-12 on others. A stop there is soon, also in a certificate and in a prediction from kept
# factors. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 hold=$5

# same NAME TOLERANCE: the results of the last run are those of the uninterrupted one, and nothing else is left.
same() {
  "$compare" reference/results.h5 out/results.h5 "$2" >>log 2>&1 || failed "$1: other results"
  [ -z "$(find out -name '.*')" ] || failed "$1: unfinished files are left"
}

# stopped_in PATTERN ARGUMENT...: the run gets SIGUSR1 when the log has the pattern; its status is in $status, the seconds
# that it took from there in $took.
stopped_in() {
  begin "${@:2}"
  reaches 60 grep -Eq "$1" log
  kill -USR1 "$mpirun" 2>/dev/null
  SECONDS=0
  finish
  took=$SECONDS
}

cat >case.yaml <<'END'
name: case
synthetic: {train: 400, test: 90, dimension: 6}
network: {depth: 2, activation: erf}
noise_variance: 0.05
quantities: [ensemble, rnd, bayesian_rnd, ntk_gp]
sampling: {posterior: 40, ensemble: 30, rnd: 20, bayesian_rnd: 50}
grid: {block: 48}
checkpoint: {directory: ckpt, every_minutes: 0, keep: 60}
output: {directory: out}
END
# two outputs, whose results come back in units of their own
if [ "$ranks" = 2 ]; then
  awk 'BEGIN { srand(7); for (i = 0; i < 490; i++) { for (j = 0; j < 6; j++) printf "%.6f%s", 4 * rand() - 2, j < 5 ? "," : "\n" } }' >points.csv
  head -n 400 points.csv >X.csv
  tail -n 90 points.csv >T.csv
  awk -F, '{ printf "%.6f,%.6f\n", 3000 * sin(3 * $1) + 11000, 0.001 * $2 * $3 }' X.csv >Y.csv
  sed -i 's/^synthetic: .*/data: {train: {inputs: X.csv, targets: Y.csv}, test: {inputs: T.csv}, standardize_targets: true}/' case.yaml
fi
# with another target network RND has a factor of its own
[ "$ranks" != 3 ] || echo 'rnd: {target: {depth: 3, activation: relu, sigma_w: 1.3, sigma_b: 0.2}}' >>case.yaml
rm -rf ckpt out reference kept held factor.h5
mkdir kept
on "$ranks" run case.yaml --set checkpoint.every_minutes=1000 --set output.directory=reference \
  --set factor.save=factor.h5 || failed 'the reference run'

### every checkpoint of a run: rank 0 is held before the results are put in place, when all of them are there
begin_held 0 commit:1 run case.yaml
ln ckpt/case.*.h5 kept/ || failed 'no checkpoints while rank 0 is held'
release
finish
[ "$status" = 0 ] || failed "the run with checkpoints: status $status"
same 'the run with checkpoints' 0

step=0 begun=0
other=$((ranks % 4 + 1))
for number in $(find kept -name 'case.*.h5' | grep -oE '[0-9]{6}' | sort); do
  grep -aq '"draws"' "kept/case.$number.h5" || continue
  begun=$((begun + 1)) step=$((step + 1))
  ((step % 3 == 0)) || continue
  checkpoints_to "$number" kept
  if ((step % 2 == 0)); then
    on "$other" run case.yaml --resume --set grid.block=$((20 + step)) || failed "resume from $number on $other ranks"
    same "resume from $number on $other ranks" 1e-12
  else
    on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 || failed "resume from $number"
    same "resume from $number" 0
  fi
  grep -Eq 'attempt 2: all points predicted, draws (begun|done)' log || failed "checkpoint $number was not gone on from"
done
((begun >= 15)) || failed "only $begun checkpoints in the draws were seen"

### all of them damaged within the matrix: the run starts afresh, and nothing of what was read is left in it
rm -rf ckpt out
mkdir ckpt
cp kept/case.*.h5 ckpt/
for file in ckpt/*.h5; do printf 'damage' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") / 2)) conv=notrunc status=none; done
on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 || failed 'all checkpoints damaged'
grep -q 'is damaged' log || failed 'all checkpoints damaged: not said'
same 'all checkpoints damaged' 0

### attempts too short for anything but a step: each gets on
rm -rf ckpt out
for attempt in $(seq 40); do
  status=0
  on "$ranks" run case.yaml --resume --time-limit 00:00:01 --set checkpoint.every_minutes=30 --set grid.block=200 || status=$?
  [ "$status" = 75 ] || break
done
[ "$status" = 0 ] || failed "short attempts: status $status at attempt $attempt"
same 'short attempts' 1e-12

### a prediction from kept factors
rm -rf ckpt out
stopped_in 'keep ' predict --factor factor.h5 case.yaml
if [ "$status" != 0 ]; then
  [ "$status" = 75 ] || failed "predict: exit status $status"
  ((took < 100)) || failed "predict: $took seconds to stop"
  if on "$ranks" run case.yaml --resume --set factor.save=other.h5; then failed 'a run went on from a prediction'; fi
  on "$ranks" predict --factor factor.h5 case.yaml --resume --set checkpoint.every_minutes=30 || failed 'predict: resume'
  grep -q 'attempt 2' log || failed 'predict: did not go on'
fi
same 'predict' 1e-12

### a certificate stops as soon, and is made again
rm -rf ckpt out
stopped_in 'checkpoint ckpt' certify case.yaml --set checkpoint.every_minutes=30 --set certify.replicates=400
if [ "$status" != 0 ]; then
  [ "$status" = 75 ] || failed "certify: exit status $status"
  ((took < 100)) || failed "certify: $took seconds to stop"
  grep -q 'the factor of theta\|000001.h5' log || failed 'certify: where does it go on?'
fi
exit $((failures > 0))
