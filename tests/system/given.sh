#!/usr/bin/env bash
# given.sh PROGRAM LAUNCHER RANKS COMPARE MAKE HOLD: kernels that a run wrote are given to another one: the same results to the bit on the
# same grid, the same to rounding on others; draws, certificate, kept factors, leave-one-out; and what is refused. Runs in a folder of
# its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 make=$5 hold=$6
# shellcheck disable=SC2206 # the launcher is a command with an option
many=($launcher "$ranks")

# good LAUNCH... -- ARGUMENT...: ends with status 0
good() {
  local launch=()
  while [ "$1" != -- ]; do
    launch+=("$1")
    shift
  done
  shift
  timeout -k 5 100 "${launch[@]}" "$program" "$@" >log 2>&1 </dev/null || failed "status $?: $*"
}

# same A B TOLERANCE
same() { "$compare" "$1/results.h5" "$2/results.h5" "$3" >>log 2>&1 || failed "$1 and $2 differ by more than $3"; }

# bad STATUS PATTERN COMMAND SETTING...: one message with the pattern, and no results
bad() {
  local status=$1 pattern=$2 command=$3 actual=0 settings=() setting
  shift 3
  for setting in "$@"; do settings+=(--set "$setting"); done
  rm -rf out
  timeout -k 5 60 "${many[@]}" "$program" "$command" given.yaml --set output.directory=out "${settings[@]}" >log 2>&1 </dev/null ||
    actual=$?
  [ "$actual" = "$status" ] && [ "$(grep -c '^widelimit: error: ' log)" = 1 ] &&
    grep -Eq "^widelimit: error: .*($pattern)" log && [ -z "$(find out -type f 2>/dev/null)" ] && return
  failed "$command $*: exit status $actual, expected $status with $pattern"
}

rm -rf ./*.csv ./*.yaml ./*.h5 ckpt saved held apart timed* first given ragged* one many full diagonal kept theta certified out
awk 'BEGIN { for (i = 1; i <= 96; i++) { for (k = 1; k <= 4; k++) printf "%.6f%s", sin(i * i + 7 * k * i), k < 4 ? "," : "\n" } }' >X.csv
awk 'BEGIN { for (i = 1; i <= 96; i++) printf "%.6f,%.6f\n", cos(i * i), sin(3 * i) }' >Y.csv
awk 'BEGIN { for (i = 1; i <= 40; i++) { for (k = 1; k <= 4; k++) printf "%.6f%s", sin(i * i + 5 * k * i + 2), k < 4 ? "," : "\n" } }' >T.csv
awk 'BEGIN { for (i = 1; i <= 40; i++) printf "%.6f,%.6f\n", cos(i * i + 1), sin(3 * i + 1) }' >U.csv
awk 'BEGIN { for (i = 1; i <= 40; i++) print i % 3 == 0 }' >ood.csv
cat >common.yaml <<'END'
noise_variance: 0.05
loo: true
grid: {block: 16}
output: {directory: first, covariance: true, kernels: true}
END
cat common.yaml - >case.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv, targets: U.csv, ood: ood.csv}
network: {depth: 3, activation: erf, sigma_w: 1.6}
END
cat common.yaml - >given.yaml <<'END'
data: {train: {targets: Y.csv}, test: {targets: U.csv, ood: ood.csv}}
kernels:
  theta: {XX: "first/results.h5:/kernel/theta_XX", TX: "first/results.h5:/kernel/theta_TX", TT: "first/results.h5:/kernel/theta_TT"}
  kappa: {XX: "first/results.h5:/kernel/kappa_XX", TX: "first/results.h5:/kernel/kappa_TX", TT: "first/results.h5:/kernel/kappa_TT"}
END
checkpoint='checkpoint={directory: ckpt, every_minutes: 0, keep: 60}'
draws='sampling={posterior: 6, ensemble: 5, rnd: 4, bayesian_rnd: 3}'

### to the bit: tiles of the joint kernels are those of XX and TX, where n is a multiple of the block
good "${many[@]}" -- run case.yaml --set "$draws"
good "${many[@]}" -- run given.yaml --set "$draws" --set output.directory=given
same first given 0
grep -q 'kernels  given: theta and kappa' log || failed 'the header does not say that kernels are given'
grep -q '"network": "given kernels"' given/summary.json || failed 'the summary does not say it'
if grep -q '^network' given/config.yaml; then failed 'config.yaml names a network'; fi
good "${many[@]}" -- run given/config.yaml --set output.directory=out
same first out 0

### training times, spectrum and noise path
times=(--set 'training={times: [0.1, 1, .inf]}' --set spectrum=true --set 'noise_path=[0.01, 0.1]')
good "${many[@]}" -- run case.yaml "${times[@]}" --set output.directory=timed
good "${many[@]}" -- run given.yaml "${times[@]}" --set output.directory=timed_given
same timed timed_given 0

### checkpoints: rank 0 is held before the results are put in place, when all of them are there
begin_held 0 commit:1 run given.yaml --set "$draws" --set "$checkpoint" --set output.directory=out
mkdir saved
ln ckpt/*.h5 saved/ || failed 'no checkpoints while rank 0 is held'
release
finish
[ "$status" = 0 ] || failed "the run with checkpoints: status $status"
mv out apart
gone_on=0
for number in $(find saved -name '*.h5' | grep -oE '[0-9]{6}' | sort | awk 'NR % 3 == 2'); do
  checkpoints_to "$number" saved
  good "${many[@]}" -- run given.yaml --resume --set "$draws" --set "$checkpoint" --set checkpoint.every_minutes=30 \
    --set output.directory=out
  grep -q 'attempt 2' log && gone_on=$((gone_on + 1))
  same apart out 0
done
((gone_on >= 2)) || failed "$gone_on checkpoints were gone on from"

### of other shapes to the bit but for draws, and to rounding on other grids
good "${many[@]}" -- run case.yaml --set grid.block=20 --set output.directory=ragged
good "${many[@]}" -- run given.yaml --set grid.block=20 --set output.directory=ragged_given \
  --set kernels.theta='{XX: "ragged/results.h5:/kernel/theta_XX", TX: "ragged/results.h5:/kernel/theta_TX", TT: "ragged/results.h5:/kernel/theta_TT"}' \
  --set kernels.kappa='{XX: "ragged/results.h5:/kernel/kappa_XX", TX: "ragged/results.h5:/kernel/kappa_TX", TT: "ragged/results.h5:/kernel/kappa_TT"}'
same ragged ragged_given 0
good -- run given.yaml --set "$draws" --set output.directory=one --set grid.block=7
good "${many[@]}" -- run given.yaml --set "$draws" --set output.directory=many --set grid.rows="$ranks" --set grid.columns=1 \
  --set grid.block=13
same one many 1e-9
same first many 1e-9

### the diagonal of TT where no pairs of test points are wanted; one kernel where one is needed
"$make" kernels first/results.h5 kernels.h5 || failed 'no kernels to change'
none='output={covariance: false, kernels: false}'
good "${many[@]}" -- run given.yaml --set "$none" --set output.directory=full
good "${many[@]}" -- run given.yaml --set "$none" --set output.directory=diagonal \
  --set kernels.theta.TT=kernels.h5:/theta_diagonal --set kernels.kappa.TT=kernels.h5:/kappa_diagonal
same full diagonal 0
sed '/kappa:/d' given.yaml >theta.yaml
good "${many[@]}" -- run theta.yaml --set "$none" --set 'quantities=[ntk_gp, bayesian_rnd]' --set output.directory=theta
grep -q 'kernels  given: theta$' log || failed 'theta alone'

### certificate, kept factors, plan
good "${many[@]}" -- certify given.yaml --set output.directory=certified --set certify.replicates=3 --set certify.heads=8
grep -q '  the certificate: PASS' log || failed 'the certificate'
good "${many[@]}" -- run given.yaml --set "$none" --set factor.save=factor.h5 --set output.directory=kept
good "${many[@]}" -- predict --factor factor.h5 given.yaml --set "$none" --set loo=false --set output.directory=out
good "${many[@]}" -- run given.yaml --set "$none" --set loo=false --set output.directory=kept
same kept out 1e-12
if "${many[@]}" "$program" predict --factor factor.h5 given.yaml --set "$none" --set loo=false --set output.directory=out \
  --set kernels.theta.XX=kernels.h5:/other_XX >log 2>&1; then failed 'a factor of other kernels was taken'; fi
grep -q '^widelimit: error: .*factor.h5' log || failed 'a factor of other kernels: not said'
good -- plan given.yaml

### what is refused, by name
cp given.yaml given.all
cp theta.yaml given.yaml
bad 2 'kernels\.kappa\.XX: is missing: ensemble needs it' run
cp given.all given.yaml
bad 2 'network\.depth: cannot stand together with kernels' run network.depth=2
bad 2 'data\.train\.inputs: cannot stand together with kernels' run data.train.inputs=X.csv
bad 2 'synthetic\.train: cannot stand together with kernels' run 'synthetic={train: 3, test: 3, dimension: 2}'
bad 2 'data\.standardize: is not there with given kernels' run data.standardize=true
bad 2 'precision: is not there with given kernels' run precision=mixed
bad 2 'data\.standardize_targets: is for numbers' run data.standardize_targets=true data.target_encoding=one_hot
bad 2 'data\.standardize_targets: cannot stand together with noise_path' run data.standardize_targets=true 'noise_path=[0.1]'
bad 2 'rnd\.target: is not there with given kernels' run 'rnd={target: {depth: 2, activation: erf, sigma_w: 1, sigma_b: 0}}'
bad 2 'select: is not there with given kernels' run 'select={count: 2}'
bad 2 'tune: is not there with given kernels' run 'tune={parameters: {noise_variance: [0.1, 0.2]}}'
bad 2 'kernels: are given, but widelimit finite trains networks' finite 'finite_width={widths: [32, 64]}'
bad 2 'X\.csv: kernels are read in tiles, which only HDF5' run kernels.theta.XX=X.csv
bad 2 'kernels\.h5:/absent' run kernels.theta.XX=kernels.h5:/absent
bad 2 'kernels\.h5:/wide is 96 x 95; it must be 96 x 96' run kernels.theta.XX=kernels.h5:/wide
bad 2 'theta_XX is 96 x 96; it must be 96 x 40|theta_TX is 40 x 96' run kernels.theta.XX=first/results.h5:/kernel/theta_TT
bad 2 'Y\.csv has 96 rows, but .*theta_TT has 40' run kernels.theta.XX=first/results.h5:/kernel/theta_TT \
  kernels.theta.TX=first/results.h5:/kernel/theta_TT kernels.kappa.XX=first/results.h5:/kernel/kappa_TT \
  kernels.kappa.TX=first/results.h5:/kernel/kappa_TT
bad 2 'kernels\.h5:/not_finite: row 5, column 3 is nan' run kernels.theta.XX=kernels.h5:/not_finite
bad 2 'kernels\.h5:/skew: row 7, column 2 is .* but row 2, column 7 is' run kernels.theta.XX=kernels.h5:/skew
bad 2 'kernels\.h5:/negative: the variance in row 4 is -' run kernels.theta.XX=kernels.h5:/negative
bad 2 'kernels\.h5:/silent: the variance in row 4 .*is zero.*noise_variance' run kernels.theta.XX=kernels.h5:/silent noise_variance=0 \
  'quantities=[ntk_gp]'
bad 2 'theta_diagonal is a diagonal, but output\.covariance needs all pairs' run kernels.theta.TT=kernels.h5:/theta_diagonal
bad 2 'theta_diagonal is a diagonal, but certify needs all pairs' certify kernels.theta.TT=kernels.h5:/theta_diagonal
bad 2 'theta_diagonal is a diagonal, but sampling needs all pairs' run "$none" "$draws" kernels.theta.TT=kernels.h5:/theta_diagonal
bad 2 'row 1 is .*theta - kappa, from which Bayesian RND' run 'kernels.theta.XX=first/results.h5:/kernel/kappa_XX' \
  'kernels.kappa.XX=first/results.h5:/kernel/theta_XX'
bad 3 'theta - kappa of the given kernels, which must be a kernel for Bayesian RND' run "$none" \
  'quantities=[bayesian_rnd]' 'sampling={bayesian_rnd: 3}' kernels.kappa.XX=kernels.h5:/beyond
exit $((failures > 0))
