#!/usr/bin/env bash
# Draws what the digits' uncertainties tell apart: ROC curves, and the ensemble's standard deviation on known and unknown.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_digits.sh [RESULTS [FIGURE]]

RESULTS is the output folder of `widelimit run inputs/digits/digits.yaml`, inputs/digits/out/digits unless told otherwise; the
figure (.svg or .png) goes to doc/figures/digits.svg unless told otherwise. Needs gnuplot and h5dump (Debian: gnuplot-nox hdf5-tools).
END
}

# shellcheck source-path=SCRIPTDIR source=plot.sh
. "$(dirname "$0")/plot.sh"
install_packages gnuplot-nox hdf5-tools
results=${1-inputs/digits/out/digits} figure=${2-doc/figures/digits.svg}
[ -f "$results/results.h5" ] || fail "$results/results.h5 is missing: run inputs/digits/digits.yaml first"

# Flag and variance of every test point in; false and true positive rates out, for a threshold that falls.
roc_curve() {
  LC_ALL=C sort -k2,2gr | awk '
    { flag[NR] = $1; positives += $1 }
    END { print 0, 0; for (i = 1; i <= NR; i++) { hits += flag[i]; print (i - hits) / (NR - positives), hits / positives } }'
}

# Flag and variance in; a histogram of the standard deviation out: middle of the bin, share of known, share of unknown.
histogram() {
  awk '
    { s = sqrt($2); if (s > top) top = s; flag[NR] = $1; value[NR] = s; all[$1]++ }
    END {
      bins = 40
      for (i = 1; i <= NR; i++) { b = int(value[i] / top * bins * 0.9999); count[b, flag[i]]++ }
      for (b = 0; b < bins; b++) print (b + 0.5) * top / bins, count[b, 0] / all[0], count[b, 1] / all[1]
    }'
}

for quantity in ensemble ntk_gp nngp; do
  paste <(dataset_column inputs/digits/digits.h5 /test/ood) \
    <(dataset_column "$results/results.h5" "/variance/$quantity") >"$columns/pairs"
  roc_curve <"$columns/pairs" >"$columns/roc_$quantity"
  histogram <"$columns/pairs" >"$columns/histogram_$quantity"
done
mkdir -p "$(dirname "$figure")"
gnuplot -e "columns='$columns'; figure='$figure'" jobs/plot_digits.gp
echo "$figure"
