#!/usr/bin/env bash
# Draws the quantiles of squared RND errors and of ensemble variances, from the samples of a run, against their law.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_quantiles.sh RESULTS [FIGURE [K]]

RESULTS is the output folder of any run whose `sampling` has rnd and ensemble; the figure (.svg or .png) goes to
RESULTS/quantiles.png unless told otherwise. Heads are taken K at a time, members K + 1 at a time (K = 16 unless
told otherwise). Needs gnuplot and h5dump (Debian: gnuplot-nox hdf5-tools).
END
}

[ $# -gt 0 ] || set -- --help
# shellcheck source-path=SCRIPTDIR source=plot.sh
. "$(dirname "$0")/plot.sh"
install_packages gnuplot-nox hdf5-tools
results=$1 figure=${2-$1/quantiles.png} heads=${3-16}
[ -f "$results/results.h5" ] || fail "$results/results.h5 is missing"

dataset_column "$results/results.h5" /variance/ensemble >"$columns/variance"
points=$(wc -l <"$columns/variance")
outputs=$(($(dataset_column "$results/results.h5" /mean/ntk | wc -l) / points))

# mean_squares DRAWS OUTPUTS CENTRED: of each group of draws (numbers by draw, point, output), over the analytic variance
mean_squares() {
  awk -v group="$1" -v c="$2" -v centred="$3" -v m="$points" '
    NR == FNR { variance[NR - 1] = $1; next }
    { i = (FNR - 1) % (m * c); sum[i] += $1; square[i] += $1 * $1 }
    FNR % (m * c * group) == 0 {
      for (i = 0; i < m * c; i++) {
        v = variance[int(i / c)]
        s = centred ? (square[i] - sum[i] * sum[i] / group) / (group - 1) : square[i] / (2 * group)
        if (v > 0) print s / v
        sum[i] = square[i] = 0
      }
    }' "$columns/variance" -
}

# quantiles: of n numbers at most 400, evenly spread, and the 20 at either end, with their probability
quantiles() {
  sort -g | awk '{ x[NR] = $1 } END { step = NR > 400 ? NR / 400 : 1
    for (i = 1; i <= NR; i++) if (i <= 20 || i > NR - 20 || int(i / step) != int((i - 1) / step)) print (i - 0.5) / NR, x[i] }'
}

dataset_column "$results/results.h5" /samples/rnd | mean_squares "$heads" 1 0 | quantiles >"$columns/rnd"
dataset_column "$results/results.h5" /samples/ensemble | mean_squares $((heads + 1)) "$outputs" 1 | quantiles >"$columns/ensemble"
if [ ! -s "$columns/rnd" ] || [ ! -s "$columns/ensemble" ]; then
  fail "$results has fewer than $heads heads or $((heads + 1)) members"
fi
mkdir -p "$(dirname "$figure")"
gnuplot -e "columns='$columns'; heads=$heads; figure='$figure'" jobs/plot_quantiles.gp
echo "$figure"
