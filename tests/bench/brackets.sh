#!/usr/bin/env bash
# brackets.sh PROGRAM CHECK_BRACKETS LAUNCHER RANKS [CONFIG...]: that what factors give lies in every bracket of solver.method:
# iterative, over noise, depth, activation, passes and rank. By hand: minutes to an hour. Without CONFIG, generated data and the
# digits. One line a run; status 1 where any bracket misses. Works in a folder of its own in TMPDIR.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR/.. source=usage.sh
. "$(dirname "$0")/../usage.sh"
case ${1-} in '' | -*) refuse_usage ;; esac
(($# >= 4)) || refuse_usage
program=$(realpath "$1") check=$(realpath "$2") launcher=$3 ranks=$4
shift 4
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
total=0 outside=0
# shellcheck disable=SC2206 # the launcher is a command with an option
launch=($launcher "$ranks")

printf 'seed: 1\nsynthetic: {train: 2000, test: 256, dimension: 16}\nnoise_variance: 0.1\n' >"$folder/synthetic.yaml"
[ $# -gt 0 ] || set -- "$here/inputs/digits/digits.yaml" "$folder/synthetic.yaml"

# run METHOD CONFIG SETTING...
run() {
  local method=$1 config=$2 setting settings=()
  shift 2
  for setting in "$@"; do settings+=(--set "$setting"); done
  "${launch[@]}" "$program" run "$config" --set "solver.method=$method" --set "output.directory=$folder/$method" \
    --set output.covariance=false --set output.kernels=false --overwrite "${settings[@]}" >"$folder/log" 2>&1 && return
  cat "$folder/log"
  exit 1
}

printf '%-10s %-5s %5s %7s %6s   %8s %7s  %s\n' problem phi depth noise solver brackets outside widest
for config in "$@"; do
  for noise in 1e-1 1e-2 1e-3 1e-4; do
    for network in 'relu 2' 'relu 8' 'erf 3'; do
      read -r phi depth <<<"$network"
      model=("noise_variance=$noise" "network.activation=$phi" "network.depth=$depth")
      run cholesky "$config" "${model[@]}"
      for solver in '5 100' '40 300'; do
        read -r passes rank <<<"$solver"
        run iterative "$config" "${model[@]}" "solver.passes=$passes" "solver.rank=$rank"
        counts=$("$check" "$folder/cholesky/results.h5" "$folder/iterative/results.h5" 1e-11)
        read -r count missed widest <<<"$counts"
        printf '%-10s %-5s %5s %7s %6s   %8s %7s  %s\n' "$(basename "$config" .yaml)" "$phi" "$depth" "$noise" \
          "$passes/$rank" "$count" "$missed" "$widest"
        total=$((total + count)) outside=$((outside + missed))
      done
    done
  done
done
echo "$total brackets, $outside outside (solver: passes/rank; widest: over the largest entry of its dataset)"
[ "$outside" = 0 ]
