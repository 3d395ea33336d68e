#!/usr/bin/env bash
# layers.sh PROGRAM LAUNCHER RANKS COMPARE: a network that is a list of layers, through the program: a list that spells out the
# network in short gives its results to the bit, one that does not goes through all that a run has, and what is refused. Runs in a
# folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 compare=$4
failures=0
# shellcheck disable=SC2206 # the launcher is a command with an option
many=($launcher "$ranks") one=($launcher 1)

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# good LAUNCHER... -- ARGUMENT...
good() {
  local launch=()
  while [ "$1" != -- ]; do launch+=("$1") && shift; done
  shift
  timeout -k 5 120 "${launch[@]}" "$program" "$@" >log 2>&1 </dev/null || failed "status $?: $*"
}

# refused STATUS PATTERN ARGUMENT...: with one message.
refused() {
  local status=$1 pattern=$2 actual=0
  shift 2
  timeout -k 5 60 "${many[@]}" "$program" "$@" >log 2>&1 </dev/null || actual=$?
  [ "$actual" = "$status" ] && [ "$(grep -c '^widelimit: error: ' log)" = 1 ] &&
    grep -Eq "^widelimit: error: .*($pattern)" log && return
  failed "$*: exit status $actual, expected $status with $pattern"
}

same() { "$compare" "$1/results.h5" "$2/results.h5" "$3" >log 2>&1 || failed "$1 and $2 differ"; }

rm -rf ./*.yaml ./*.h5 short spelled other again one mixed kept out tuned refused drop drop_one dropped plain halved twice \
  target target_list target_other target_one target_certified standard standard_spelled standard_one nngp nngp_standard plain_standard half_standard certified kept_standard
cat >common.yaml <<'END'
seed: 5
synthetic: {train: 90, test: 30, dimension: 4}
noise_variance: 0.05
grid: {block: 16}
END
cat common.yaml - >short.yaml <<'END'
network: {depth: 3, activation: erf, sigma_w: 1.6, sigma_b: 0.2}
END
cat common.yaml - >spelled.yaml <<'END'
network:
  layers:
    - dense: {sigma_w: 1.6, sigma_b: 0.2}
    - erf
    - dense: {sigma_w: 1.6, sigma_b: 0.2}
    - erf
    - dense: {sigma_w: 1.6, sigma_b: 0.2}
END
cat common.yaml - >list.yaml <<'END'
network:
  layers:
    - dense: {sigma_w: 1.5, sigma_b: 0.1}
    - relu
    - residual: [dense: {sigma_w: 1.0}, erf, dense]
    - layer_norm
    - dense
    - leaky_relu: {slope: 0.2}
    - dense: {sigma_w: 1.0, sigma_b: 0.3}
    - cos: {a: 1.5, c: 0.4}
    - dense
    - erf: {c: 0.5}
    - dense: {sigma_w: 1.0, sigma_b: 0}
END
whole='output={covariance: true, kernels: true}'
draws='sampling={posterior: 3, ensemble: 3, rnd: 3, bayesian_rnd: 3}'

good "${many[@]}" -- run short.yaml --set "$whole" --set "$draws" --set output.directory=short
good "${many[@]}" -- run spelled.yaml --set "$whole" --set "$draws" --set output.directory=spelled
same short spelled 0

good "${many[@]}" -- run list.yaml --set "$whole" --set "$draws" --set output.directory=other
tr -s ' \n' ' ' <log >line # the header is broken into lines
grep -q 'network dense (1.5, 0.1), relu, residual \[dense (1, 0.1), erf, dense (1.4142, 0.1)\], layer_norm, dense' line ||
  failed 'the header does not say the layers'
grep -q 'sin (a 1.5, b 1, c 1.9708), dense (1.4142, 0.1), erf (a 1, b 1, c 0.5), dense (1, 0) noise' line || failed 'the header does not say the last of them'
grep -q '"residual": \[' other/summary.json || failed 'the summary does not say the layers'
if "$compare" short/results.h5 other/results.h5 1e-3 >log; then failed 'other layers give the same'; fi
good "${many[@]}" -- run other/config.yaml --set output.directory=again
same other again 0
good "${one[@]}" -- run list.yaml --set "$whole" --set "$draws" --set output.directory=one
same other one 1e-9
good "${many[@]}" -- run list.yaml --set output.directory=one
good "${many[@]}" -- run list.yaml --set output.directory=mixed --set precision=mixed
same one mixed 1e-9

good "${many[@]}" -- certify list.yaml --set certify.replicates=3 --set certify.heads=8 --set output.directory=out
grep -q '  the certificate: PASS' log || failed 'the certificate'
good "${one[@]}" -- plan list.yaml
good "${many[@]}" -- run list.yaml --set loo=true --set spectrum=true --set 'training.times=[0.1, .inf]' --set output.directory=out
sed /noise_variance/d list.yaml >tuned.yaml
good "${many[@]}" -- tune tuned.yaml --set 'tune={parameters: {noise_variance: [0.01, 0.1]}}' --set output.directory=tuned
grep -q 'layers: \[{dense' tuned/tuned.yaml || failed 'tuned.yaml has no layers'

### dropout: equal rows have masks of their own, so that they are two points, in noise-free runs, too
sed '/noise_variance/d; s/- layer_norm/- dropout: {keep: 0.8}/' list.yaml >drop.yaml
good "${many[@]}" -- run drop.yaml --set "$whole" --set "$draws" --set output.directory=drop
grep -q 'dropout (keep 0.8)' log || failed 'the header does not say the dropout'
grep -q '"keep": 0.8' drop/summary.json || failed 'the summary does not say the dropout'
good "${one[@]}" -- run drop/config.yaml --set output.directory=drop_one
same drop drop_one 1e-9
good "${many[@]}" -- run drop.yaml --set noise_variance=0.05 --set output.directory=plain
good "${many[@]}" -- run drop.yaml --set noise_variance=0.05 --set output.directory=halved --set precision=mixed
same plain halved 1e-9
good "${many[@]}" -- certify drop.yaml --set certify.replicates=3 --set certify.heads=8 --set output.directory=dropped
grep -q '  the certificate: PASS' log || failed 'the certificate with dropout'
printf '1,2\n0.5,1\n1,2\n3,-1\n' >twice.csv
printf '1\n2\n3\n4\n' >targets.csv
twice=(--set 'data={train: {inputs: twice.csv, targets: targets.csv}, test: {inputs: twice.csv}, header: false}')
sed '/^synthetic/d' drop.yaml >twice.yaml
good "${many[@]}" -- run twice.yaml "${twice[@]}" --set output.directory=twice
sed '/^synthetic/d; /noise_variance/d' list.yaml >equal.yaml
refused 2 'rows 1 and 3 .* are equal' run equal.yaml "${twice[@]}" --set output.directory=refused

### standard parametrization: kappa and nngp as they were, theta another
standard='network.parameterization=standard' width='network.width=256'
good "${many[@]}" -- run short.yaml --set "$whole" --set "$draws" --set $standard --set $width --set output.directory=standard
tr -s ' \n' ' ' <log >line
grep -q 'standard parametrization of width 256' line || failed 'the header does not say the parametrization'
grep -q '"width": 256' standard/summary.json || failed 'the summary does not say the width'
good "${many[@]}" -- run spelled.yaml --set "$whole" --set "$draws" --set $standard --set $width --set output.directory=standard_spelled
same standard standard_spelled 0
good "${one[@]}" -- run standard/config.yaml --set output.directory=standard_one
same standard standard_one 1e-9
good "${many[@]}" -- run short.yaml --set quantities='[nngp]' --set output.directory=nngp
good "${many[@]}" -- run short.yaml --set quantities='[nngp]' --set $standard --set $width --set output.directory=nngp_standard
same nngp nngp_standard 1e-9
if "$compare" short/results.h5 standard/results.h5 1e-3 >log; then failed 'standard parametrization changes nothing'; fi
good "${many[@]}" -- run short.yaml --set $standard --set $width --set output.directory=plain_standard
good "${many[@]}" -- run short.yaml --set $standard --set $width --set output.directory=half_standard --set precision=mixed
same plain_standard half_standard 1e-9
good "${many[@]}" -- certify short.yaml --set $standard --set $width --set certify.replicates=3 --set certify.heads=8 --set output.directory=certified
grep -q '  the certificate: PASS' log || failed 'the certificate in standard parametrization'
good "${one[@]}" -- plan short.yaml --set $standard --set $width
good "${many[@]}" -- run short.yaml --set factor.save=standard.h5 --set $standard --set $width --set output.directory=kept_standard
for other in network.width=255 network.parameterization=ntk; do
  set_other=(--set "$standard" --set "$width" --set "$other")
  [ $other != network.parameterization=ntk ] || set_other=()
  refused 2 'standard\.h5.*network\.(width|parameterization)|network\.(width|parameterization).*standard\.h5' \
    predict --factor standard.h5 short.yaml "${set_other[@]}" --set output.directory=refused
done

### RND's target as a list of layers
target='rnd={target: {depth: 2, activation: relu, sigma_w: 1.3, sigma_b: 0.3}}'
list='rnd={target: {layers: [dense: {sigma_w: 1.3, sigma_b: 0.3}, relu, dense: {sigma_w: 1.3, sigma_b: 0.3}]}}'
other='rnd={target: {layers: [dense, erf: {c: 0.5}, dropout: {keep: 0.9}, dense, layer_norm, abs, dense]}}'
good "${many[@]}" -- run short.yaml --set "$whole" --set "$draws" --set "$target" --set output.directory=target
good "${many[@]}" -- run short.yaml --set "$whole" --set "$draws" --set "$list" --set output.directory=target_list
same target target_list 0
good "${many[@]}" -- run list.yaml --set "$whole" --set "$draws" --set "$other" --set output.directory=target_other
grep -q 'abrelu' target_other/summary.json || failed 'the summary does not say the layers of the target'
good "${one[@]}" -- run target_other/config.yaml --set output.directory=target_one
same target_other target_one 1e-9
good "${many[@]}" -- certify list.yaml --set "$other" --set certify.replicates=3 --set certify.heads=8 --set output.directory=target_certified
grep -q '  the certificate: PASS' log || failed 'the certificate with a list as target'
good "${one[@]}" -- plan short.yaml --set "$other"
refused 2 'rnd\.target\.depth: cannot stand together with rnd\.target\.layers' run short.yaml --set "$list" --set rnd.target.depth=2
refused 2 'rnd\.target\.layers\[1\]: there is no layer' run short.yaml --set 'rnd={target: {layers: [dense, rleu, dense]}}'
refused 2 'rnd\.target\.layers\[1\]: is the last layer' run short.yaml --set 'rnd={target: {layers: [dense, relu]}}'

### kept factors know the layers
good "${many[@]}" -- run list.yaml --set factor.save=factor.h5 --set output.directory=kept
good "${many[@]}" -- predict --factor factor.h5 list.yaml --set output.directory=out
same kept out 1e-12
sed 's/sigma_b: 0}/sigma_b: 0.1}/' list.yaml >list_b.yaml
refused 2 'factor\.h5.*network\.layers|network\.layers.*factor\.h5' predict --factor factor.h5 list_b.yaml --set output.directory=refused
refused 2 'factor\.h5' predict --factor factor.h5 short.yaml --set output.directory=refused

### what is refused, by name
refused 2 'solver\.method: is iterative, but network\.layers' run list.yaml --set solver.method=iterative
refused 2 'network\.depth: cannot stand together with network\.layers' run list.yaml --set network.depth=3
refused 2 'varies network\.depth, which network\.layers' tune list.yaml --set 'tune={parameters: {network.depth: [2, 3]}}'
refused 2 'network\.layers cannot be tuned' tune short.yaml --set 'tune={parameters: {network.layers: [1, 2]}}'
refused 3 'point [0-9]+ has no variance that layer_norm could divide by' run list.yaml --set 'network.layers=[{dense: {sigma_w: 1.0e-200, sigma_b: 0}}, layer_norm, dense]'
[ "$failures" = 0 ]
