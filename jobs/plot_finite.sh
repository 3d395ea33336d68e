#!/usr/bin/env bash
# Draws what a study of finite width found: deviation against width with the fitted slopes, and the exact bands with the
# quantiles of the trained networks.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_finite.sh [RESULTS [FIGURES]]

RESULTS is the output folder of `widelimit finite CONFIG` on the toy problem of inputs/finite/, inputs/finite/out/toy unless told
otherwise; the figures go to FIGURES-width.svg and FIGURES-bands.svg, doc/figures/finite unless told otherwise. Needs gnuplot
and h5dump (Debian: gnuplot-nox hdf5-tools).
END
}

# shellcheck source-path=SCRIPTDIR source=plot.sh
. "$(dirname "$0")/plot.sh"
install_packages gnuplot-nox hdf5-tools
results=${1-inputs/finite/out/toy} figures=${2-doc/figures/finite} angles=inputs/finite/toy_test.csv
file=$results/finite.h5
[ -f "$file" ] || fail "$file is missing: run widelimit finite inputs/finite/toy.yaml first"

dataset_column "$file" /width >"$columns/width"
claims=(kappa theta ensemble_path rnd_path bayesian_rnd_path ensemble_coupled rnd_coupled bayesian_rnd_coupled)
for claim in "${claims[@]}"; do
  paste "$columns/width" <(dataset_column "$file" "/claim/$claim/deviation") \
    <(dataset_column "$file" "/claim/$claim/standard_error") >"$columns/$claim"
  dataset_column "$file" "/claim/$claim/fit" | head -n 2 | paste - - >"$columns/$claim.fit"
done
first=$(head -n 1 "$columns/width") last=$(tail -n 1 "$columns/width")
for model in ensemble rnd bayesian_rnd; do
  law=ensemble
  if [ "$model" = bayesian_rnd ]; then law=posterior; fi
  paste <(cut -d, -f1 "$angles" | tail -n +2) <(dataset_column "$file" /exact/mean) \
    <(dataset_column "$file" "/exact/${law}_variance") \
    <(dataset_column "$file" "/quantile/$model/$first" | paste - - - - -) \
    <(dataset_column "$file" "/quantile/$model/$last" | paste - - - - -) >"$columns/bands_$model"
done
mkdir -p "$(dirname "$figures")"
gnuplot -e "columns='$columns'; figures='$figures'; first='$first'; last='$last'" jobs/plot_finite.gp
echo "$figures-width.svg $figures-bands.svg"
