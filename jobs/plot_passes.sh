#!/usr/bin/env bash
# Draws how wide brackets of solver.method: iterative are after so many passes.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/plot_passes.sh [FIGURE [CONFIG]]

Runs CONFIG (inputs/digits/digits.yaml) with solver.method: iterative again and again, with more and more passes, for
noise variances of 0.1 to 0.0001 at one rank of the preconditioner and for several ranks at one noise variance, and draws
the widest bracket of each run in FIGURE (passes.svg; .svg or .png). The table on the console has the same numbers.

Adapt: WIDELIMIT (build/widelimit), WIDELIMIT_LAUNCH ("mpirun -n"), RANKS of MPI (1). Needs gnuplot (Debian: gnuplot-nox).
END
}

# shellcheck source-path=SCRIPTDIR source=plotting.sh
. "$(dirname "$0")/plotting.sh"
figure=$(from_caller "${1-passes.svg}") config=$(from_caller "${2-$PWD/inputs/digits/digits.yaml}")
program=${WIDELIMIT:-build/widelimit}
read -ra launch <<<"${WIDELIMIT_LAUNCH:-mpirun -n} ${RANKS:-1}"
mpi_environment
export OPENBLAS_NUM_THREADS=1

# width NAME: of the last run's summary
width() { sed -n "s/^ *\"$1\": \([-+.0-9eE]*\),\{0,1\}$/\1/p" "$columns/run/summary.json" | tail -n 1; }

# course NOISE RANK: a file of passes and widest brackets of ntk_gp and ensemble, over the prior variance
course() {
  local noise=$1 rank=$2 passes file=$columns/$1-$2
  printf '\n  noise %s, rank %s\n  passes     ntk_gp   ensemble\n' "$noise" "$rank"
  for passes in 2 3 5 8 13 21 34 55 89; do
    "${launch[@]}" "$program" run "$config" --set "noise_variance=$noise" --set 'quantities=[ntk_gp, ensemble]' \
      --set "solver={method: iterative, passes: $passes, rank: $rank, tolerance: 1.0e-12}" \
      --set "output.directory=$columns/run" >"$columns/log" 2>&1 || fail "$(tail -n 3 "$columns/log")"
    printf '%d %s %s\n' "$passes" "$(width ntk_gp)" "$(width ensemble)" | tee -a "$file" |
      awk '{ printf "  %6d %10.1e %10.1e\n", $1, $2, $3 }'
  done
}

for noise in 0.1 0.01 0.001 0.0001; do course "$noise" 256; done
for rank in 16 64 512; do course 0.01 "$rank"; done
draw plot_passes "$figure"
