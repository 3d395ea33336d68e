#!/usr/bin/env bash
# Draws the toy regression from the results of a run: mean and band of two standard deviations for each quantity.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_toy.sh [RESULTS [FIGURE]]

RESULTS is the output folder of `widelimit run inputs/toy/toy.yaml`, inputs/toy/out/toy unless told otherwise; the
figure (.svg or .png) goes to doc/figures/toy.svg unless told otherwise. Needs gnuplot and h5dump (Debian: gnuplot-nox hdf5-tools).
END
}

# shellcheck source-path=SCRIPTDIR source=plot.sh
. "$(dirname "$0")/plot.sh"
install_packages gnuplot-nox hdf5-tools
results=${1-inputs/toy/out/toy} figure=${2-doc/figures/toy.svg}
[ -f "$results/results.h5" ] || fail "$results/results.h5 is missing: run inputs/toy/toy.yaml first"

for quantity in ensemble ntk_gp nngp; do
  if [ "$quantity" = nngp ]; then mean=nngp; else mean=ntk; fi
  paste <(cut -d, -f1 inputs/toy/test.csv | tail -n +2) \
    <(dataset_column "$results/results.h5" "/mean/$mean") \
    <(dataset_column "$results/results.h5" "/variance/$quantity") >"$columns/$quantity"
done
mkdir -p "$(dirname "$figure")"
gnuplot -e "columns='$columns'; train='inputs/toy/train.csv'; test='inputs/toy/test.csv'; figure='$figure'" jobs/plot_toy.gp
echo "$figure"
