#!/usr/bin/env bash
# times.sh PROGRAM LAUNCHER RANKS COMPARE CHECK_SUMMARY HOLD: training times, spectra and noise paths through the program: what the
# summary says of them, batches and panels against one batch, a stop within the decomposition, the plan, and what is refused. Runs
# in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 check_summary=$5 hold=$6

# run STATUS ARGUMENT...
run() {
  local wanted=$1 actual=0
  shift
  on "$ranks" "$@" || actual=$?
  [ "$actual" = "$wanted" ] || failed "status $actual, not $wanted: $*"
}

cat >case.yaml <<'END'
name: case
seed: 3
synthetic: {train: 300, test: 70, dimension: 6}
network: {depth: 3, activation: erf}
noise_variance: 0.01
jitter: 0.001
loo: true
training: {times: [0, 0.1, 3, .inf]}
spectrum: true
noise_path: [1.0e-4, 0.01, 0.3]
checkpoint: {directory: ckpt, every_minutes: 1000}
output: {directory: out, covariance: true}
END
rm -rf out ckpt reference alone panels zero
run 0 run case.yaml --set output.directory=reference

# At infinity the summary has what it has without times, and at the run's noise what the factor and leave-one-out have.
"$check_summary" reference/summary.json \
  at_time.times.3.mean_variance.ensemble-metrics.quantity.ensemble.mean_variance 0 1e-12 \
  at_time.times.3.mean_variance.rnd-metrics.quantity.rnd.mean_variance 0 1e-12 \
  at_time.times.3.mean_variance.bayesian_rnd-metrics.quantity.bayesian_rnd.mean_variance 0 1e-12 \
  at_time.times.3.rmse-metrics.mean.ntk.rmse 0 1e-12 \
  noise_path.1.log_marginal_likelihood_sum-factor.theta.log_marginal_likelihood_sum 0 1e-9 \
  noise_path.1.loo_rmse-loo.mean.ntk.rmse 0 1e-12 \
  noise_path.1.loo_log_density-loo.quantity.ntk_gp.log_predictive_density_sum 0 1e-9 \
  noise_path.1.effective_dimension-spectrum.theta.effective_dimension 0 1e-10 \
  noise_path.1.information_gain-spectrum.theta.information_gain 0 1e-10 \
  spectrum.theta.residual 0.5 0.5 spectrum.kappa.residual 0.5 0.5 >log 2>&1 || failed 'the summary'
grep -q '"time": "inf"' reference/summary.json || failed 'no infinite time in the summary'
run 0 run case.yaml --set output.directory=again
for pattern in 'smallest eigenvalue' 'noise variance  log marginal' 'training time  '; do
  grep -q "$pattern" log || failed "no table with $pattern"
done
"$compare" reference/results.h5 again/results.h5 0 >log 2>&1 || failed 'twice the same run gives other results'

# A time alone has the covariances that it has behind others, of kernels that all share.
covariance() { h5dump -y -m %.17g -d "/at_time/covariance/$2[$3,0,0;;1,70,70]" -o "$4" "$1/results.h5" >/dev/null; }
run 0 run case.yaml --set 'training.times=[3]' --set output.directory=alone
for quantity in ensemble rnd bayesian_rnd; do
  covariance reference "$quantity" 2 among.txt
  covariance alone "$quantity" 0 alone.txt
  grep -q '[1-9]' alone.txt || failed "no covariance of $quantity"
  cmp -s among.txt alone.txt || failed "the covariance of $quantity at a time depends on the times before"
done

# Without covariances test points go by in panels.
run 0 run case.yaml --set output.covariance=false --set output.directory=panels
h5dump -d /at_time/variance/ensemble -m %.15g -o panels.txt panels/results.h5 >/dev/null
h5dump -d /at_time/variance/ensemble -m %.15g -o square.txt reference/results.h5 >/dev/null
paste <(tr -c '0-9.e-' '\n' <square.txt | grep .) <(tr -c '0-9.e-' '\n' <panels.txt | grep .) |
  awk 'function abs(x) { return x < 0 ? -x : x } abs($1 - $2) > 1e-11 { bad++ } END { exit bad > 0 || NR < 280 }' ||
  failed 'panels give other variances'

# Eigenvalues alone need no vectors; selected quantities are all that is there.
run 0 run case.yaml --set output.directory=zero --set 'quantities=[bayesian_rnd]' --set loo=false
listing=$(h5ls -r zero/results.h5)
if grep -q 'at_time/variance/ensemble' <<<"$listing"; then failed 'ensemble is there, unasked'; fi
grep -q 'at_time/covariance/bayesian_rnd *Dataset {4, 70, 70}' <<<"$listing" || failed 'no covariance of bayesian_rnd'

# SIGUSR1 in the decomposition, from which a run goes on to the same results.
rm -rf ckpt
begin_held 0 pdstedc_:1 run case.yaml
kill -USR1 "$(pid_of 0)"
release # it goes on in any case
finish
[ "$status" = 75 ] || failed "a stop in the decomposition: status $status"
[ ! -e out/results.h5 ] || failed 'a stopped run left results'
run 0 run case.yaml --resume
grep -q 'attempt 2' log || failed 'the second attempt does not say so'
"$compare" reference/results.h5 out/results.h5 0 >log 2>&1 || failed 'after a stop: other results'

# The plan has both phases and the eigenvectors.
timeout 60 "$program" plan case.yaml --set synthetic.train=20000 >log 2>&1 || failed 'the plan'
for pattern in eigenvectors spectrum at_time; do grep -q $pattern log || failed "the plan has no $pattern"; done

# A matrix of which nothing is known without noise: the time at infinity is refused, finite ones are not.
singular=(--set 'network={depth: 1, sigma_b: 0}' --set noise_variance=1e-12 --set jitter=0 --set loo=false --set spectrum=false
  --set 'quantities=[bayesian_rnd]' --set checkpoint.directory=ckpt2)
run 3 run case.yaml "${singular[@]}" --set 'training.times=[.inf]' --set output.directory=singular
grep -q 'widelimit: error: training.times: at time inf nothing is sure' log || failed 'the message does not name the time'
run 3 run case.yaml "${singular[@]}" --set 'training.times=[1]' --set 'noise_path=[1.0e-18]' --set output.directory=singular
grep -q 'widelimit: error: noise_path: 1e-18 is too little' log || failed 'the message does not name the noise'
[ ! -e singular/results.h5 ] || failed 'a refused run left results'
exit $((failures > 0))
