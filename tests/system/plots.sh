#!/usr/bin/env bash
# plots.sh PROGRAM LAUNCHER RANKS PROJECT: jobs/plot.sh draws of a run what it allows, beside the results, and refuses what it
# does not by name; plots.py holds the numbers it draws against the summary's.
set -uo pipefail
program=$1 ranks=$3 project=$4
read -ra launch <<<"$2"
failures=0
failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
}

# shellcheck source-path=SCRIPTDIR source=../pythons.sh
. "$(dirname "$0")/../pythons.sh"
python=$(python_with 'numpy, h5py')
if [ -z "$python" ] || ! command -v gnuplot >/dev/null; then
  [ "${CI-}" != true ] || { echo "gnuplot, NumPy or h5py is missing" >&2 && exit 1; }
  exit 77
fi

# run NAME ARGUMENT...: results in NAME
run() {
  local name=$1
  shift
  "${launch[@]}" "$ranks" "$program" run "$@" --set output.directory="$name" >run.log 2>&1 || failed "$name: $(tail -n 1 run.log)"
}

# drawn FOLDER NAME...: exactly these, in both formats, none of them empty
drawn() {
  local folder=$1 found wanted
  shift
  found=$(cd "$folder" && find . \( -name '*.svg' -o -name '*.png' \) -size +1k | LC_ALL=C sort | xargs)
  wanted=$(for name; do printf './%s.png\n./%s.svg\n' "$name" "$name"; done | LC_ALL=C sort | xargs)
  [ "$found" = "$wanted" ] || failed "$folder has '$found', not '$wanted'"
}

# plot ARGUMENT...: without a complaint
plot() {
  "$project/jobs/plot.sh" "$@" >out.txt 2>err.txt || failed "plot.sh $*: status $?"
  [ ! -s err.txt ] || failed "plot.sh $*: $(cat err.txt)"
}

# refused MESSAGE ARGUMENT...: status 2, one line that says so, no figure
refused() {
  local message=$1 status=0
  shift
  rm -rf refused
  "$project/jobs/plot.sh" -o refused/r "$@" >out.txt 2>err.txt || status=$?
  [ $status = 2 ] || failed "plot.sh $*: status $status, not 2"
  grep -qF -e "$message" err.txt || failed "plot.sh $*: '$message' is not in '$(cat err.txt)'"
  [ ! -e refused ] || failed "plot.sh $*: left $(ls refused)"
}

rm -rf toy digits plain tuned curve elsewhere
touch marker
run toy "$project/inputs/toy/toy.yaml" --set 'sampling={posterior: 3, ensemble: 3}' --set spectrum=true \
  --set 'training.times=[0, 1, 0.1, .inf]' --set 'noise_path=[0.01, 0.1]'
run digits "$project/inputs/digits/digits.yaml" --set 'sampling={rnd: 4, ensemble: 10}'
run plain "$project/inputs/synthetic/small.yaml" --set 'synthetic={train: 20, test: 5, dimension: 3}' --set 'quantities=[rnd]'
plot -k 4 toy digits
drawn toy bands calibration risk spectrum times
drawn digits detection quantiles risk
! grep -l 'scale(0.00)' ./*/*.svg || failed "these have symbols of no size, which are no valid SVG"
grep -q 'AUROC 0.9555' digits/detection.svg || failed "the AUROC of the digits is not in their figure"
sed '/^output/d' "$project/inputs/toy/toy.yaml" | sed '/^network\|^noise_variance/d' >tuned.yaml
cat >>tuned.yaml <<'END'
tune:
  parameters:
    network.sigma_w: {from: 0.5, to: 3, scale: log}
    noise_variance: {from: 1.0e-4, to: 1, scale: log}
    network.activation: [relu, erf]
  evaluations: 24
output: {directory: tuned}
END
cp "$project"/inputs/toy/*.csv . 2>/dev/null
"${launch[@]}" "$ranks" "$program" tune tuned.yaml >run.log 2>&1 || failed "tune: $(tail -n 1 run.log)"
plot tuned
drawn tuned tune
mkdir curve
WIDELIMIT=$program WIDELIMIT_LAUNCH="${launch[*]} $ranks" "$python" "$project/inputs/digits/learning_curve.py" curve/digits 2 20 \
  >out.txt 2>err.txt || failed "learning_curve.py: $(tail -n 1 err.txt)"
drawn curve digits
awk '$1 ~ /^[0-9]+$/ { rows++; for (k = 2; k <= 8; k += 3) if (!($k >= 0 && $k < 60 && $(k + 1) == "+-")) exit 1 } END { exit rows != 3 }' out.txt ||
  failed "learning_curve.py says $(cat out.txt)"
plot -p bands -f svg -o elsewhere/mine toy
[ "$(ls elsewhere)" = mine-bands.svg ] || failed "-o made '$(ls elsewhere)'"
[ -z "$(find "$project/doc" "$project/jobs" -newer marker ! -path '*__pycache__*')" ] || failed "something was written into the project"

refused 'no tune: there is no tune.h5' -p tune toy
refused 'no risk: results.h5 is missing' -p risk tuned
refused 'no detection: no points are marked out of distribution' -p detection toy
refused 'no bands: the inputs have more than one dimension' -p bands digits
refused 'no calibration: the targets are classes' -p calibration digits
refused 'fewer than 16' -p quantiles digits
refused 'there is no output 2, but 1 in all' -y 2 toy
refused 'no times: there are no training times' -p times digits
refused 'no spectrum: there is neither a spectrum nor a path of noise levels' -p spectrum digits
refused 'results.h5 is missing' nowhere
refused "'0' is no number of at least 1" -k 0 toy
refused 'invalid choice' -p pie toy
refused 'for one folder' toy digits
mkdir -p broken && echo none >broken/results.h5 && cp toy/summary.json broken
refused 'are no results of widelimit run' broken
refused 'of rnd alone there is no predictive variance' -p calibration plain
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$project/jobs "$python" "$(dirname "$0")/plots.py" toy digits || failed "plots.py"
exit $((failures > 0))
