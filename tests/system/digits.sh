#!/usr/bin/env bash
# digits.sh PROGRAM LAUNCHER RANKS CHECK_SUMMARY INPUT: the digits give what is known from elsewhere (inputs/digits/README.md)
# to four digits. Runs in a folder of its own.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 check_summary=$4 input=$5

rm -rf out
# shellcheck disable=SC2086 # the launcher is a command with an option
$launcher "$ranks" "$program" run "$input" --set output.directory="$PWD/out"
"$check_summary" out/summary.json \
  metrics.mean.ntk.accuracy 0.994475 5e-5 \
  metrics.quantity.ensemble.auroc 0.955511 5e-5 \
  metrics.quantity.rnd.auroc 0.955511 5e-5 \
  metrics.quantity.bayesian_rnd.auroc 0.954802 5e-5 \
  metrics.quantity.ntk_gp.auroc 0.954802 5e-5 \
  metrics.quantity.nngp.auroc 0.958157 5e-5
