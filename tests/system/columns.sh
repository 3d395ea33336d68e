#!/usr/bin/env bash
# columns.sh PROGRAM LAUNCHER RANKS DIGITS TOY: an 80-column terminal shows every line of every command whole; a path may go beyond. Runs in a
# folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
digits=$4 toy=$5

# fits WHAT: no line of log is wider, paths left out.
fits() {
  local wide
  wide=$(sed 's/[^ ]*\/[^ ]*//g' log | grep -nE '^.{81,}')
  [ -z "$wide" ] || failed "$1: wider than 80 columns: $wide"
}

# shows STATUS ARGUMENT...: ends with that status (a pattern), and its standard output fits.
shows() {
  local wanted=$1 status=0
  shift
  # shellcheck disable=SC2086 # the launcher is a command with an option
  $launcher "$ranks" "$program" "$@" >log 2>err </dev/null || status=$?
  # shellcheck disable=SC2053 # a pattern
  [[ $status == $wanted ]] || failed "$*: status $status: $(cat err)"
  fits "$*"
}

for command in '' run predict certify select tune finite bench plan; do
  # shellcheck disable=SC2086 # no command: no word
  "$program" $command --help >log || failed "$command --help"
  fits "$command --help"
done
"$program" --version >log || failed '--version'
fits --version

# What has most to say: five quantities, classes, left-out points, decompositions, draws and two certificates.
every=(--set loo=true --set spectrum=true --set 'noise_path=[1.0e-4, 0.25]' --set 'training={times: [0.1, 12.5, .inf]}'
  --set noise_variance=0.0123456)
shows 0 run "$digits" "${every[@]}" --set 'output={directory: out, intervals: [0.5, 0.68, 0.9, 0.95, 0.99]}' \
  --set 'checkpoint={directory: ckpt, every_minutes: 0}' --set factor.save=factor.h5
shows 0 run "$digits" --set output.directory=out --set precision=mixed --overwrite
shows 0 run "$digits" --set output.directory=out --set solver.method=iterative --set noise_variance=0.1 --overwrite
shows 0 run "$toy" --set output.directory=toy \
  --set 'sampling={posterior: 5000, ensemble: 10, rnd: 10, bayesian_rnd: 10}' --set 'network={activation: leaky_relu, slope: 0.0123}'
shows 0 certify "$toy" --set output.directory=certified
shows 0 certify "$toy" --set output.directory=certified --overwrite \
  --set 'rnd={target: {depth: 2, activation: erf, sigma_w: 1.5, sigma_b: 0.1}}'
shows 4 certify "$toy" --set output.directory=sabotaged --set certify.sabotage=plain_target

numbers() { awk -v rows="$1" -v s="$2" -v OFS=, 'BEGIN { for (i = 0; i < rows; i++) print sin(7 * i + s), cos(3.3 * i * s), sin(i * i + s) }'; }
numbers 30 1 >X.csv
numbers 30 2 | cut -d, -f1 >Y.csv
numbers 20 3 >P.csv
cat >small.yaml <<'END'
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: P.csv}
noise_variance: 0.05
output: {directory: small}
END
shows 0 select small.yaml --set data.pool.inputs=P.csv --set select.count=8
shows 0 tune small.yaml --set 'tune={parameters: {network.sigma_w: {from: 0.5, to: 2, scale: log}, network.activation: [relu, erf]}}' \
  --set output.directory=tuned
shows 0 run small.yaml --set factor.save=small.h5
shows 0 predict small.yaml --factor small.h5 --set output.directory=again
printf '%s\n' 1,0,1 0.6,0.8,-1 >L.csv
printf '%s\n' 0.3,-0.7 1.1,0.4 >M.csv
cat >linear.yaml <<'END'
data:
  train: {inputs: "L.csv:1-2", targets: "L.csv:3"}
  test: {inputs: M.csv}
network: {depth: 2, activation: identity, sigma_w: 1, sigma_b: 0}
finite_width: {widths: [32, 64], networks: 16, heads: 1, momentum: none, stop: {time: 0.99}}
output: {directory: finite}
END
shows '[04]' finite linear.yaml

shows 0 bench --n 300 --test 100 --repeats 1
shows 0 plan "$digits"
shows 0 plan "$digits" --train 1000000 --test 10000 --dimension 3072 --outputs 10 --nodes 1024 --cores-per-node 128 --memory-per-node 512G \
  --assume network_gbytes=12.5
exit $((failures > 0))
