#!/usr/bin/env bash
# Scaling study on given data: one configuration by both engines and without a matrix, over ranks.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/scaling_solvers.sh [-r "RANKS..."] [-s "SOLVERS..."] [-k REPEATS]
                               [-o KEY=VALUE]... CONFIG [FOLDER]

Runs CONFIG by every solver on every number of ranks, taking turns.

  -r  numbers of ranks ("1 2 4")
  -s  solvers ("scalapack lookahead iterative"): the engines of Cholesky, and
      solver.method: iterative, which needs a noise variance or jitter
  -k  repetitions, of which the median counts (3)
  -o  a setting for all runs, as --set of widelimit run

FOLDER (out/scaling_solvers) gets scaling.csv, a line for each solver and number of
ranks, scaling.svg, and the summary of each run; a study that was interrupted goes on.

Adapt: WIDELIMIT (build/widelimit), WIDELIMIT_LAUNCH ("mpirun -n"), the threads of a
rank OPENBLAS_NUM_THREADS (1), and CORES, how many cores there are in all. The figure
needs gnuplot (Debian: gnuplot-nox).
END
}

rank_counts="1 2 4" solvers="scalapack lookahead iterative" repeats=3 settings=()
[ "${1-}" != --help ] || set -- -h
while getopts r:s:k:o:h option; do
  case $option in
    r) rank_counts=$OPTARG ;;
    s) solvers=$OPTARG ;;
    k) repeats=$OPTARG ;;
    o) settings+=(--set "$OPTARG") ;;
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
if (($# < 1 || $# > 2)); then
  usage >&2
  exit 2
fi

# shellcheck source-path=SCRIPTDIR source=setup.sh
. "$(dirname "$0")/setup.sh"
mpi_environment
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS-1}
config=$(from_caller "$1") folder=$(from_caller "${2-out/scaling_solvers}") program=${WIDELIMIT:-build/widelimit}
read -ra launch <<<"${WIDELIMIT_LAUNCH:-mpirun -n}"
[ -f "$config" ] || refuse "$config is missing"
for number in $rank_counts $repeats; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || refuse "'$number' is no number of at least 1"
done
for solver in $solvers; do
  case $solver in scalapack | lookahead | iterative) ;; *) refuse "'$solver' is none of scalapack, lookahead, iterative" ;; esac
done
mkdir -p "$folder"

# run_once SOLVER RANKS FILE: the summary, which appears when the run is done
run_once() {
  local method=cholesky engine=$1
  [ "$1" != iterative ] || method=iterative engine=scalapack
  "${launch[@]}" "$2" "$program" run "$config" "${settings[@]}" --set "solver.method=$method" --set "engine=$engine" \
    --set "output.directory=$folder/run" --overwrite &&
    mv "$folder/run/summary.json" "$3"
}

for ((repeat = 1; repeat <= repeats; repeat++)); do
  for ranks in $rank_counts; do
    for solver in $solvers; do
      json=$folder/$solver-$ranks-$repeat.json
      [ -s "$json" ] || step "$solver ranks=$ranks, $repeat of $repeats" run_once "$solver" "$ranks" "$json"
    done
  done
done
rm -rf "$folder/run"

# column KEY SOLVER RANKS: the median over the repetitions
column() {
  local repeat
  for ((repeat = 1; repeat <= repeats; repeat++)); do number "$1" "$folder/$2-$3-$repeat.json"; done | median
}

csv=$folder/scaling.csv
{
  echo solver,ranks,n,test,wall_seconds,peak_rss_bytes_sum
  for solver in $solvers; do
    for ranks in $rank_counts; do
      printf '%s,%s' "$solver" "$ranks"
      for key in train test wall peak_rss_bytes_sum; do printf ',%s' "$(column $key "$solver" "$ranks")"; done
      echo
    done
  done
} >"$csv"
echo "$csv"
if command -v gnuplot >/dev/null; then
  jobs/plot_solvers.sh "$csv" "$folder/scaling.svg"
else
  echo "no gnuplot, no figure" >&2
fi
