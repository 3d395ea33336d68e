#!/usr/bin/env bash
# Draws the toy regression's posterior and ensemble from the samples of a run: mean, band and single draws.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_toy_draws.sh [RESULTS [FIGURE]]

RESULTS is the output folder of `widelimit run inputs/toy/toy.yaml --set sampling.posterior=12 --set
sampling.ensemble=12`, inputs/toy/out/toy unless told otherwise; the figure (.svg or .png) goes to
doc/figures/toy_draws.png unless told otherwise. Needs gnuplot and h5dump (Debian: gnuplot-nox hdf5-tools).
END
}

# shellcheck source-path=SCRIPTDIR source=plot.sh
. "$(dirname "$0")/plot.sh"
install_packages gnuplot-nox hdf5-tools
results=${1-inputs/toy/out/toy} figure=${2-doc/figures/toy_draws.png}
[ -f "$results/results.h5" ] || fail "$results/results.h5 is missing: run inputs/toy/toy.yaml with sampling first"

cut -d, -f1 inputs/toy/test.csv | tail -n +2 >"$columns/x"
points=$(wc -l <"$columns/x")
for kind in posterior ensemble; do
  if [ "$kind" = posterior ]; then quantity=ntk_gp; else quantity=ensemble; fi
  paste "$columns/x" <(dataset_column "$results/results.h5" /mean/ntk) \
    <(dataset_column "$results/results.h5" "/variance/$quantity") >"$columns/$kind"
  # draws one below the other, a blank line between two
  dataset_column "$results/results.h5" "/samples/$kind" |
    awk -v m="$points" 'NR == FNR { x[NR] = $1; next } { print x[(FNR - 1) % m + 1], $1 } FNR % m == 0 { print "" }' "$columns/x" - \
      >"$columns/$kind.draws"
  [ -s "$columns/$kind.draws" ] || fail "$results has no samples of $kind"
done
mkdir -p "$(dirname "$figure")"
gnuplot -e "columns='$columns'; train='inputs/toy/train.csv'; figure='$figure'" jobs/plot_toy_draws.gp
echo "$figure"
