#!/usr/bin/env bash
# fashion.sh PROGRAM LAUNCHER RANKS CHECK_SUMMARY INPUTS: 5,000 images of clothes give what is known from elsewhere
# (inputs/fashion/README.md) to six digits. Skipped where Debian's dataset-fashion-mnist is not installed, but in CI. Runs in a
# folder of its own.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 check_summary=$4 inputs=$5

if ! [ -d /usr/share/datasets/fashion-mnist ]; then
  [ "${CI-}" != true ] || { echo "dataset-fashion-mnist is missing" >&2 && exit 1; }
  exit 77
fi
rm -rf data out
"$inputs/make_fashion.sh" .
cp "$inputs/fashion_5000.yaml" .
# shellcheck disable=SC2086 # the launcher is a command with an option
$launcher "$ranks" "$program" run fashion_5000.yaml --set output.directory=out
"$check_summary" out/summary.json \
  sizes.train 5000 0 sizes.test 2000 0 sizes.dimension 784 0 sizes.outputs 5 0 metrics.mean.ntk.points 1000 0 \
  metrics.mean.ntk.accuracy 0.8990 5e-5 \
  metrics.mean.nngp.accuracy 0.9000 5e-5 \
  metrics.quantity.ensemble.auroc 0.922495 5e-6 \
  metrics.quantity.rnd.auroc 0.922495 5e-6 \
  metrics.quantity.bayesian_rnd.auroc 0.855354 5e-6 \
  metrics.quantity.ntk_gp.auroc 0.855354 5e-6 \
  metrics.quantity.nngp.auroc 0.917020 5e-6
