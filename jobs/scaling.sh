#!/usr/bin/env bash
# Scaling study: `widelimit bench` over ranks and sizes, one CSV of all, and its figure.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/scaling.sh [-w] [-r "RANKS..."] [-n "SIZES..."] [-m TEST] [-k REPEATS] [FOLDER]

  -r  numbers of ranks ("1 2")
  -n  numbers of training points ("4000 8000")
  -w  weak scaling: n is that of one rank, and grows with the root of the ranks, so
      that every rank keeps its share of the matrix
  -m  test points (1000); with -w they grow like n
  -k  repetitions, of which the median counts (3)

FOLDER (out/scaling) gets scaling.csv, a line for each run, scaling.svg, and the JSON
of each run; a study that was interrupted goes on.

Adapt: WIDELIMIT (build/widelimit), WIDELIMIT_LAUNCH ("mpirun -n"), the threads of a
rank OPENBLAS_NUM_THREADS (1), and CORES, how many cores there are in all: beyond it,
ranks take turns. The figure needs gnuplot (Debian: gnuplot-nox).
END
}

sizes="4000 8000" rank_counts="1 2" test_points=1000 repeats=3 kind=strong
[ "${1-}" != --help ] || set -- -h
while getopts wr:n:m:k:h option; do
  case $option in
    w) kind=weak ;;
    r) rank_counts=$OPTARG ;;
    n) sizes=$OPTARG ;;
    m) test_points=$OPTARG ;;
    k) repeats=$OPTARG ;;
    h)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
shift $((OPTIND - 1))

# shellcheck source-path=SCRIPTDIR source=setup.sh
. "$(dirname "$0")/setup.sh"
mpi_environment
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS-1}
folder=$(from_caller "${1-out/scaling}") program=${WIDELIMIT:-build/widelimit}
read -ra launch <<<"${WIDELIMIT_LAUNCH:-mpirun -n}"
for number in $sizes $rank_counts $test_points $repeats; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || refuse "'$number' is no number of at least 1"
done
mkdir -p "$folder"

# grown NUMBER RANKS: for weak scaling
grown() {
  if [ "$kind" = weak ]; then awk -v n="$1" -v r="$2" 'BEGIN { printf "%d\n", n * sqrt(r) + 0.5 }'; else echo "$1"; fi
}

# bench RANKS N M FILE: FILE appears when it is whole
bench() {
  "${launch[@]}" "$1" "$program" bench --n "$2" --test "$3" --repeats "$repeats" --json "$4.part"
  mv "$4.part" "$4"
}

# An object a size and engine in the order in which bench lists them: the first is the default engine.
keys=(ranks nodes blas_threads n test grid_rows grid_columns block dgemm_gflops assembly_seconds factor_seconds
  cholesky_ratio predict_seconds run_seconds run_ratio peak_rss_bytes_sum)
csv=$folder/scaling.csv
{
  printf 'kind,size'
  printf ',%s' "${keys[@]}"
  echo ',lookahead_factor_seconds,lookahead_run_seconds'
} >"$csv"
for size in $sizes; do
  for ranks in $rank_counts; do
    n=$(grown "$size" "$ranks") m=$(grown "$test_points" "$ranks")
    json=$folder/$kind-$size-$ranks.json
    [ -s "$json" ] || step "$kind n=$n ranks=$ranks" bench "$ranks" "$n" "$m" "$json"
    {
      printf '%s,%s' "$kind" "$size"
      for key in "${keys[@]}"; do printf ',%s' "$(number "$key" "$json")"; done
      printf ',%s,%s\n' "$(number factor_seconds "$json" 2)" "$(number run_seconds "$json" 2)"
    } >>"$csv"
  done
done
echo "$csv"
if command -v gnuplot >/dev/null; then
  jobs/plot_scaling.sh "$csv" "$folder/scaling.svg"
else
  echo "no gnuplot, no figure" >&2
fi
