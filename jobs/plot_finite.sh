#!/usr/bin/env bash
# Draws what a study of finite width found: deviation against width with the fitted slopes, and the exact bands with the
# quantiles of the trained networks.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_finite.sh [RESULTS [FIGURES]]

RESULTS is the output folder of widelimit finite, inputs/finite/out/toy of the project
unless told otherwise. The figures go to RESULTS/width.svg and, where the test points are
those of inputs/finite/, RESULTS/bands.svg; with FIGURES to FIGURES-width.svg and
FIGURES-bands.svg. Needs gnuplot and h5dump (Debian: gnuplot-nox hdf5-tools).
END
}

# shellcheck source-path=SCRIPTDIR source=plotting.sh
. "$(dirname "$0")/plotting.sh"
need h5dump hdf5-tools
results=$(from_caller "${1-$PWD/inputs/finite/out/toy}") angles=inputs/finite/toy_test.csv
if [ $# -gt 1 ]; then prefix=$(from_caller "$2")-; else prefix=$results/; fi
file=$results/finite.h5
[ -f "$file" ] || refuse "$file is missing: run widelimit finite first"

dataset_column "$file" /width >"$columns/width"
claims=(kappa theta ensemble_path rnd_path bayesian_rnd_path ensemble_coupled rnd_coupled bayesian_rnd_coupled)
for claim in "${claims[@]}"; do
  paste "$columns/width" <(dataset_column "$file" "/claim/$claim/deviation") \
    <(dataset_column "$file" "/claim/$claim/standard_error") >"$columns/$claim"
  dataset_column "$file" "/claim/$claim/fit" | head -n 2 | paste - - >"$columns/$claim.fit"
done
draw plot_finite_width "${prefix}width.svg"

first=$(head -n 1 "$columns/width") last=$(tail -n 1 "$columns/width")
if [ "$(dataset_column "$file" /exact/mean | wc -l)" != "$(tail -n +2 "$angles" | wc -l)" ]; then
  echo "not drawn: bands, the test points are not those of $angles"
  exit 0
fi
for model in ensemble rnd bayesian_rnd; do
  law=ensemble
  if [ "$model" = bayesian_rnd ]; then law=posterior; fi
  paste <(cut -d, -f1 "$angles" | tail -n +2) <(dataset_column "$file" /exact/mean) \
    <(dataset_column "$file" "/exact/${law}_variance") \
    <(dataset_column "$file" "/quantile/$model/$first" | paste - - - - -) \
    <(dataset_column "$file" "/quantile/$model/$last" | paste - - - - -) >"$columns/bands_$model"
done
draw plot_finite_bands "${prefix}bands.svg" "$first" "$last"
