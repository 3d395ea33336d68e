#!/usr/bin/env bash
# convolution.sh PROGRAM LAUNCHER RANKS CHECK_SUMMARY INPUT: the given kernels of a convolutional network give what NumPy made of them
# (inputs/convolution/README.md) to six digits, and pass the certificate. Runs in a folder of its own.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 check_summary=$4 input=$5

rm -rf out
# shellcheck disable=SC2086 # the launcher is a command with an option
$launcher "$ranks" "$program" certify "$input" --set output.directory="$PWD/out" --set certify.replicates=6 \
  --set certify.heads=8 >log
grep -q '  the certificate: PASS' log
"$check_summary" out/summary.json \
  sizes.train 120 0 sizes.test 60 0 sizes.dimension 0 0 metrics.mean.ntk.accuracy 1 0 \
  metrics.quantity.ensemble.mean_variance 0.0118267803 5e-10 \
  metrics.quantity.ensemble.mean_variance_ood 0.023111783 5e-10 \
  metrics.quantity.ntk_gp.mean_variance 0.165442255 5e-9 \
  metrics.quantity.ntk_gp.mean_variance_ood 0.254891083 5e-9 \
  metrics.quantity.ensemble.auroc 0.937778 5e-7 \
  metrics.quantity.bayesian_rnd.auroc 0.948889 5e-7
