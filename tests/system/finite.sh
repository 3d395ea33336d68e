#!/usr/bin/env bash
# finite.sh PROGRAM LAUNCHER RANKS CHECK_SUMMARY INPUT COMPARE: a small study of finite networks passes its verdicts, and finite.h5
# holds the same as on one rank, to the bit; the summary of an earlier run is kept. Runs in a folder of its own.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 check_summary=$4 input=$5 compare=$6

# study FOLDER [--set KEY=VALUE]...: on $ranks ranks
study() {
  local folder=$1 launch=()
  shift
  # shellcheck disable=SC2206 # the launcher is a command with an option
  [ "$ranks" = 1 ] || launch=($launcher "$ranks")
  "${launch[@]}" "$program" finite "$input" --set output.directory="$folder" \
    --set 'finite_width={widths: [32, 64, 128], networks: 48, heads: 4, stop: {residual: 1.0e-3}}' "$@" >log
}

# Two points in two dimensions and a linear network of depth 2 without biases: theta = 2 x x'/d, whose eigenvalues are 0.4 and
# 1.6. Gradient flow to time 0.99 takes 0.99 * 1.6 / 0.02 steps of every network, each of 2 (2 (2 * 32) + 3 * 32) * 2 operations.
# Student's t has the critical value scipy.stats.t.isf(0.005 / 28, 15): 23 claims, of which 5 are tested twice. Limits are those of the console.
rm -rf linear
printf '%s\n' 1,0,1 0.6,0.8,-1 >linear.csv
printf '%s\n' 0.3,-0.7 1.1,0.4 >linear_test.csv
cat >linear.yaml <<'END'
name: linear
data:
  train: {inputs: "linear.csv:1-2", targets: "linear.csv:3"}
  test: {inputs: linear_test.csv}
network: {depth: 2, activation: identity, sigma_w: 1, sigma_b: 0}
finite_width: {widths: [32, 64], networks: 16, heads: 1, momentum: none, stop: {time: 0.99}}
output: {directory: linear}
END
"$program" finite linear.yaml >log || [ $? = 4 ] # whether so few networks pass is not asked
# Width 64, 1 head, N = 4 points: two vectors of 3 * 64 + 65 parameters; 3 * 4 + 2 outputs and targets, two kernels of 16, one of all heads of 16,
# 2 * 4 of P; four arrays of 64 * 4 on the tape; and for the kernels two of 64 * 4 and two of 16. In all 2152 doubles.
grep -q '^  memory   16\.8 KiB a rank for networks of width 64$' log || { cat log && echo 'FAILED: memory of a network' && exit 1; }
f=finite_width w=finite_width.widths.0
"$check_summary" linear/summary.json $f.theta_eigenvalue_min 0.4 1e-14 $f.theta_eigenvalue_max 1.6 1e-14 \
  $w.mean_steps.ensemble 80 0 $w.mean_steps.rnd 80 0 $w.mean_steps.bayesian_rnd 80 0 \
  $w.gflops_per_rank/$w.steps_per_second_and_rank 8.96e-7 1e-15 \
  "$w.share_of_dgemm*$w.dgemm_gflops_per_rank-$w.gflops_per_rank" 0 1e-12 $f.critical 4.5854499314649 1e-12
awk 'NF == 4 && $2 == 32 { name = $1 } $1 == "limit" { print name, $2, $3, $6 }' log >limits
(($(wc -l <limits) > 8)) || { cat log && echo 'FAILED: the table of claims has no limits' && exit 1; }
while read -r name limit error cut; do
  c=$f.claims.$name
  "$check_summary" linear/summary.json "$c.limit" "$limit" 5.1e-6 "$c.limit_error" "$error" 5.1e-6 "$c.truncation" "$cut" 5.1e-6
done <limits

rm -rf alone together
study together
grep -q '^  verdict: PASS$' log
"$check_summary" together/summary.json \
  finite_width.not_converged.ensemble 0 0 finite_width.not_converged.rnd 0 0 finite_width.not_converged.bayesian_rnd 0 0 \
  finite_width.claims.kappa.rate 0.5 0.06 finite_width.claims.theta.rate 0.5 0.15 \
  finite_width.claims.ensemble_path.rate 0.5 0.2 finite_width.claims.rnd_path.rate 0.5 0.2 \
  finite_width.claims.bayesian_rnd_path.rate 0.5 0.2
if [ -n "$(find together -name '.*')" ]; then
  echo 'FAILED: an unfinished file was left'
  exit 1
fi
if [ "$ranks" != 1 ]; then
  (ranks=1 && study alone)
  "$compare" alone/finite.h5 together/finite.h5 0
fi

# The closed form; a summary of `run` gets the section and keeps the rest.
"$program" run "$input" --set output.directory=together >log
study together --set finite_width.training=linearized --set finite_width.widths='[64,128,256]' --set finite_width.heads=2
grep -q '"log_determinant"' together/summary.json
grep -q '"finite_width"' together/summary.json

# RND on another target network: its own law, and nothing is compared with the ensemble.
study other --set finite_width.training=linearized --set finite_width.widths='[64,128,256]' --set finite_width.networks=96 \
  --set 'rnd={target: {depth: 3, activation: erf, sigma_w: 1.5, sigma_b: 0.1}}'
tr -s ' \n' ' ' <log | grep -q 'target depth 3, erf, .*rnd need not be twice the ensemble'
grep -q '"rnd_variance"' other/summary.json
if grep -q '"rnd_vs_ensemble"' other/summary.json; then
  echo 'FAILED: RND on another target was held against the ensemble'
  exit 1
fi

# Stopped at a time, the trained networks have the law of that time.
study timed --set finite_width.stop.time=0.1 --set finite_width.momentum=none
grep -q 'to time 0.1' log
"$check_summary" timed/summary.json finite_width.claims.rnd_path.rate 0.5 0.2 \
  finite_width.claims.bayesian_rnd_path.rate 0.5 0.2

# A study that is killed goes on from what it has, to the same result; not with another seed.
rm -rf whole stopped
study whole --set finite_width.networks=64
study stopped --set finite_width.networks=64 &
for _ in $(seq 200); do
  if [ "$(stat -c %s stopped/.finite.journal 2>/dev/null || echo 0)" -gt 20000 ]; then break; fi
  sleep 0.05
done
pkill -P $! 2>/dev/null || true
wait $! || true
if [ -e stopped/.finite.journal ]; then
  if study stopped --set finite_width.networks=64 --set seed=1 --resume 2>err; then
    echo 'FAILED: went on from the journal of another study'
    exit 1
  fi
  grep -q '^widelimit: error: .*journal of an experiment with another' err
  study stopped --set finite_width.networks=64 --resume
  grep -Eq 'resumed  [1-9][0-9]* of 192 networks' log
fi
"$compare" whole/finite.h5 stopped/finite.h5 0
