# shellcheck shell=bash
# What the tests of faults share: one case, which nothing that befalls it makes end with other results.
# Sourced by scripts with the arguments PROGRAM LAUNCHER RANKS COMPARE HOLD; works in the current folder.
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/../runs.sh"
compare=$4 hold=$5

# run ARGUMENT...: `widelimit run case.yaml`; its status is in $status.
run() {
  begin run case.yaml "$@"
  finish
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
