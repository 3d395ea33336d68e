#!/usr/bin/env bash
# provenance.sh PROGRAM LAUNCHER RANKS PRINT_ATTRIBUTE PROJECT: what results say of where they come from, and run.log: of every
# command, of runs that are stopped and go on, of runs that fail. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
print=$4 project=$5

# run STATUS ARGUMENT...
run() {
  local wanted=$1 status
  shift
  on "$ranks" "$@"
  status=$?
  [ $status = "$wanted" ] || failed "$*: status $status"
}

# says FILE NAME TEXT: the attribute has this text.
says() {
  local text
  text=$("$print" "$1" /provenance "$2") || failed "$1: no $2"
  [ "$text" = "$3" ] || failed "$1: $2 is $text, not $3"
}

# logged FOLDER: run.log has every line of the console, and nothing else.
logged() { diff <(sort log) <(sort "$1/run.log") || failed "$1/run.log is not what the console said"; }

rm -rf out again stopped other refused ckpt predicted selected tuned finite
awk 'BEGIN { for (i = 0; i < 60; i++) printf "%.6f,%.6f,%.6f\n", sin(i), cos(3 * i), sin(2 * i) }' >'the data.csv'
awk 'BEGIN { for (i = 0; i < 12; i++) printf "%.6f,%.6f\n", sin(5 * i), cos(i) }' >T.csv
seq 0 49 >rows.txt
cat >case.yaml <<'END_OF_CASE'
seed: 77
data:
  train: {inputs: "the data.csv:1-2", targets: "the data.csv:3", rows: "rows.txt:0"}
  test: {inputs: T.csv}
noise_variance: 0.01
jitter: 1.0e-9
output: {directory: out}
END_OF_CASE

### one run: every attribute; the same command gives the same file, where the date is given
export SOURCE_DATE_EPOCH=1234567890
run 0 run case.yaml --set 'network={depth: 2}'
logged out
grep -q '^widelimit: warning: jitter' out/run.log || failed 'no warning in run.log'
grep -q '^  in out: results.h5, summary.json, config.yaml, run.log$' out/run.log || failed 'no last line in run.log'
says out/results.h5 date '2009-02-13 23:31:30 UTC'
grep -q "^  started  2009-02-13 23:31:30 UTC on $(uname -n)$" log || failed 'the header lacks date and host'
says out/results.h5 command_line "$program run case.yaml --set 'network={depth: 2}'"
header=$(sed -n '/^  command  /,/^  cite /p' out/run.log | sed '$d' | cut -c 12- | paste -sd ' ')
[ "$header" = "$program run case.yaml --set 'network={depth: 2}'" ] || failed "the header has another command line: $header"
grep -q '^  cite     .*arXiv 2602.19964$' log || failed 'the header does not say how to cite'
says out/results.h5 host "$(uname -n)"
says out/results.h5 folder "$PWD"
says out/results.h5 ranks "$ranks"
says out/results.h5 seed 77
says out/results.h5 configuration "$(cat out/config.yaml)"
"$program" --version >version
says out/results.h5 program "$(head -n 1 version)"
for name in commit compiler flags hdf5 scalapack blas mpi; do
  says out/results.h5 $name "$(awk -v name="$name" '/^  [^ ]/ { mine = tolower($1) == name } mine { print substr($0, 14) }' version | paste -sd ' ')"
done
# The commit is that of the last build, which need not be the newest.
commit=$(sed -n 's/^  commit     \([0-9a-f]\{12\}\)\(-dirty\)\{0,1\}$/\1/p' version)
if [ -e "$project/.git" ] && git -c safe.directory="$project" -C "$project" rev-parse HEAD >/dev/null 2>&1; then
  git -c safe.directory="$project" -C "$project" cat-file -e "${commit:-none}^{commit}" || failed "no such commit: $(cat version)"
else
  grep -q '^  commit     unknown$' version || failed '--version knows a commit'
fi
"$print" out/results.h5 /provenance inputs >digests
[ "$(sed 's/^[^ ]*  //' digests | sort | tr '\n' ,)" = 'T.csv,case.yaml,rows.txt,the data.csv,' ] || failed "inputs: $(cat digests)"
sha256sum --quiet --check digests || failed 'other digests than those of sha256sum'
mv out again
run 0 run case.yaml --set 'network={depth: 2}'
cmp out/results.h5 again/results.h5 || failed 'the same command gives another file'
unset SOURCE_DATE_EPOCH
before=$(date -u '+%Y-%m-%d %H:%M:%S UTC')
run 0 run case.yaml
date=$("$print" out/results.h5 /provenance date)
[[ ! $date < $before && ! $date > $(date -u '+%Y-%m-%d %H:%M:%S UTC') ]] || failed "date is $date"

### what fails changes nothing; what is refused leaves nothing
cp out/run.log before.log
run 2 run case.yaml --set data.test.inputs=nowhere.csv
run 3 run case.yaml --set noise_variance=0 --set jitter=0 --set network.sigma_w=1e-4 --set network.sigma_b=1e9
cmp out/run.log before.log || failed 'a run that failed changed run.log'
[ ! -e out/.run.log.partial ] || failed 'a run that failed left its log'
run 3 run case.yaml --set noise_variance=0 --set jitter=0 --set network.sigma_w=1e-4 --set network.sigma_b=1e9 --set output.directory=other
[ -z "$(find other -type f)" ] || failed 'a run that failed left a file'
run 2 run case.yaml --set noise_variance=-1 --set output.directory=refused
[ ! -e refused ] || failed 'a run that was refused left something'

### stopped, and on: the log goes on, and earlier attempts stay in the provenance
checkpoint=(--set 'checkpoint={directory: ckpt, every_minutes: 0}' --set output.directory=stopped)
run 75 run case.yaml "${checkpoint[@]}" --time-limit 00:00:01
[ -f stopped/.run.log.partial ] || failed 'the log of a run that was stopped is gone'
run 0 run case.yaml "${checkpoint[@]}" --resume
[ ! -e stopped/.run.log.partial ] || failed 'two logs'
grep -q '^widelimit: error: stopped by the time limit' stopped/run.log || failed 'the first attempt is not in run.log'
[ "$(grep -c '^  command  ' stopped/run.log)" = 2 ] || failed 'not two attempts in run.log'
"$print" stopped/results.h5 /provenance command_line | grep -q -- '--resume' || failed 'the last attempt is not in the provenance'
"$print" stopped/results.h5 /provenance/earlier command_line | grep -q -- '--time-limit 00:00:01' || failed 'the first one is not'

### the other commands
run 0 run case.yaml --set factor.save=factor.h5
run 0 predict case.yaml --factor factor.h5 --set output.directory=predicted
logged predicted
"$print" predicted/results.h5 /provenance factor_theta | grep -Eq '^[0-9a-f]{64}  header of factor\.h5$' || failed 'no digest of theta'
"$print" predicted/results.h5 /provenance factor_kappa | grep -Eq '^[0-9a-f]{64}  header of factor\.kappa\.h5$' || failed 'no digest of kappa'
run 0 select case.yaml --set data.pool.inputs=T.csv --set select.count=2 --set output.directory=selected
logged selected
"$print" selected/results.h5 /provenance inputs | grep -q '  T.csv$' || failed 'the pool is not among the inputs'
run 0 tune case.yaml --set 'tune={evaluations: 3, parameters: {network.sigma_w: {from: 1, to: 2}}}' --set output.directory=tuned
logged tuned
says tuned/tune.h5 seed 77
run 0 finite case.yaml --set 'finite_width={widths: [32, 64, 128], networks: 32, heads: 2, training: linearized}' \
  --set output.directory=finite --set network.activation=erf --set network.depth=2
logged finite
says finite/finite.h5 seed 77
exit $((failures > 0))
