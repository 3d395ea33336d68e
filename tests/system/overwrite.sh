#!/usr/bin/env bash
# overwrite.sh PROGRAM LAUNCHER RANKS DATA: nothing that a command reads and nothing that another has left is written over, by
# whatever name it goes; what is named for an output is made, and tried before the work. DATA is an HDF5 file with /x and /y, five
# rows of three numbers and of one. Runs in a folder of its own.
set -uo pipefail
program=$1 launcher=$2 ranks=$3 data=$4
failures=0 status=0 home=$PWD
launch=()
# shellcheck disable=SC2206 # the launcher is a command with an option
[ "$ranks" = 1 ] || launch=($launcher "$ranks")

failed() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  sed 's/^/  | /' log
}

# widelimit ARGUMENT...: its exit status is in $status.
widelimit() {
  status=0
  timeout -k 5 60 "${launch[@]}" "$program" "$@" >log 2>&1 </dev/null || status=$?
}

# fresh: the data, two configurations and nothing else.
fresh() {
  cd "$home" && rm -rf case && mkdir case && cd case || exit 1
  printf '%s\n' a,b,c 0.1,0.2,0.3 0.4,-0.5,0.6 -0.7,0.8,0.9 1.0,1.1,-1.2 -1.3,1.4,1.5 >X.csv
  printf '%s\n' 1 2 3 4 5 >Y.csv
  printf '%s\n' 0.3,0.2,0.1 0.6,0.5,0.4 >T.csv
  printf '%s\n' 0 1 2 4 >rows.txt
  gzip -k X.csv
  cp "$data" data.h5
  cat >case.yaml <<'YAML'
# by hand
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv}
network: {depth: 2, activation: relu}
noise_variance: 0.1
grid: {block: 2}
output: {directory: out}
YAML
  sed '1i name: other' case.yaml >other.yaml
}

# The bytes of all files here, by name.
picture() { find . ! -name log \( -type f -o -type l \) -exec sha256sum {} + | sort -k 2; }

# refused STATUS PATTERN ARGUMENT...: with one message, and no file has changed, come or gone.
refused() {
  local expected=$1 pattern=$2 before
  shift 2
  before=$(picture)
  widelimit "$@"
  [ "$status" = "$expected" ] || failed "$*: exit status $status, expected $expected"
  [ "$(grep -c '^widelimit: error: ' log)" = 1 ] || failed "$*: not one message"
  grep -Eq "$pattern" log || failed "$*: nothing matches $pattern"
  [ "$(picture)" = "$before" ] || failed "$*: files changed: $(diff <(echo "$before") <(picture))"
}

# allowed ARGUMENT...: done, and the data and the configurations are what they were.
allowed() {
  local before
  before=$(sha256sum ./*.csv ./*.gz rows.txt data.h5 case.yaml other.yaml)
  widelimit "$@"
  [ "$status" = 0 ] || failed "$*: exit status $status"
  [ "$(sha256sum ./*.csv ./*.gz rows.txt data.h5 case.yaml other.yaml)" = "$before" ] || failed "$*: an input changed"
  [ -z "$(find . -name '*.partial' -o -name '*.part' -o -name '.widelimit*')" ] || failed "$*: unfinished files are left"
}

### an output is an input: by name, by symbolic and by hard link, under its temporary name, in each place of the configuration
fresh
refused 2 'case\.yaml.*the configuration' run case.yaml --set factor.save=case.yaml
refused 2 'X\.csv.*data\.train\.inputs' run case.yaml --set factor.save=X.csv
refused 2 'X\.csv.*data\.train\.inputs' run case.yaml --overwrite --set factor.save=./new/.././X.csv
ln -s X.csv link.csv
refused 2 'link\.csv.*X\.csv.*data\.train\.inputs' run case.yaml --overwrite --set factor.save=new/.//newer/../../link.csv
rm link.csv
[ ! -e new ] || failed 'a refused run made a folder'
refused 2 'T\.csv.*data\.test\.inputs' run case.yaml --set factor.save=T.csv
refused 2 'X\.csv\.gz.*data\.train\.inputs' run case.yaml --set data.train.inputs=X.csv.gz:1-2 --set factor.save=X.csv.gz
refused 2 'rows\.txt.*data\.train\.rows' run case.yaml --set data.train.rows=rows.txt:0 --set factor.save=rows.txt
refused 2 'data\.h5.*data\.train\.targets' run case.yaml --set data.train.targets=data.h5:/y --set factor.save=data.h5
cp "$(dirname "$data")"/../hdf5-virtual-missing/{v,src}.h5 . # /x of v.h5 lies in src.h5
refused 2 'src\.h5.*src\.h5.*data\.train\.inputs' run case.yaml --overwrite --set data.train.inputs=v.h5:/x --set factor.save=src.h5
cp data.h5 data.kappa.h5 # where nngp's factor would go
refused 2 'data\.kappa\.h5.*data\.train\.inputs' run case.yaml --set data.train.inputs=data.kappa.h5:/x --set factor.save=data.h5
refused 2 'data\.h5.*data\.train\.inputs' run case.yaml --overwrite --set data.train.inputs=data.h5:/x --set factor.save=data.h5
mkdir out
inputs=(X.csv Y.csv T.csv case.yaml) turn=0
for name in results.h5 summary.json config.yaml .results.h5.partial .config.yaml.partial .summary.json.partial run.log; do
  for link in 'ln' 'ln -s'; do
    input=${inputs[turn++ % 4]}
    $link "$PWD/$input" "out/$name"
    refused 2 "out/$name: .*$input" run case.yaml --overwrite
    rm "out/$name"
  done
done
### what would wait for ever, or does not give way, in the place of an output
for name in results.h5 summary.json config.yaml run.log .results.h5.partial .summary.json.partial .config.yaml.partial .run.log.partial; do
  mkfifo "out/$name"
  refused 5 "out/$name: is a named pipe" run case.yaml --overwrite
  rm "out/$name"
  mkdir "out/$name"
  refused 5 "out/$name: is a folder" run case.yaml --overwrite
  rmdir "out/$name"
done
mkfifo pipe
for name in pipe /dev/null; do
  refused 5 "$name: is a named pipe" run case.yaml --overwrite --set factor.save=$name
done
refused 2 'pipe: is a named pipe that nobody reads' plan case.yaml --json pipe
rm pipe
refused 5 'too long \(factor\.save\)' run case.yaml --set factor.save="$(printf 'a%.0s' {1..252})"
cp data.h5 out/results.h5
ln -s out/results.h5 in.h5
refused 2 'out/results\.h5: .*in\.h5.*data\.train\.inputs' run case.yaml --overwrite --set data.train.inputs=in.h5:/x
refused 2 'in\.h5.*data\.pool\.inputs' select case.yaml --overwrite --set data.pool.inputs=in.h5:/x --set select.count=1
rm out/results.h5 in.h5
mkdir -p ckpt
for name in case.000007.h5 case.000001.h5.partial .case.lock; do
  ln X.csv ckpt/$name
  refused 2 "ckpt/$name: .*X\.csv" run case.yaml --set checkpoint.directory=ckpt
  rm ckpt/$name
done
cp data.h5 ckpt/case.000003.h5
refused 2 'ckpt/case\.000003\.h5: .*data\.train\.inputs' run case.yaml --set checkpoint.directory=ckpt \
  --set data.train.inputs=ckpt/case.000003.h5:/x
allowed run case.yaml --set checkpoint.directory=ckpt --set name=another --set data.train.inputs=ckpt/case.000003.h5:/x

### the data's own folder, other names
fresh
allowed run case.yaml --set output.directory=. --set factor.save=factor.h5
allowed run case.yaml --set output.directory=. --set factor.save=factor.h5 # and once more

### factors that are read
allowed predict --factor factor.h5 case.yaml --set output.directory=. --set factor.save=factor.h5
for name in factor.h5 factor.kappa.h5; do
  mkdir -p linked
  ln -s "../$name" linked/results.h5
  refused 2 "linked/results\.h5: .*$name.*--factor" predict --factor factor.h5 case.yaml --set output.directory=linked
  rm linked/results.h5
done

printf '%s\n' 0.2,0.1,0.9 >>X.csv # more rows, whose factor would be kept
printf '%s\n' 6 >>Y.csv
refused 2 'X\.csv.*data\.train\.inputs' predict --factor factor.h5 case.yaml --overwrite --set factor.save=X.csv
refused 2 'results\.h5: factor\.save' predict --factor factor.h5 case.yaml --overwrite --set factor.save=out/results.h5

### one output in the place of another
fresh
for name in results.h5 config.yaml summary.json run.log; do
  refused 2 "$name: factor\.save" run case.yaml --set factor.save=out/$name
done
refused 5 'out: factor\.save.*output\.directory' run case.yaml --set factor.save=out
refused 5 'ckpt: factor\.save.*checkpoint\.directory' run case.yaml --set checkpoint.directory=ckpt --set factor.save=ckpt
refused 2 'ckpt/case\.000009\.h5: factor\.save.*checkpoint' run case.yaml --set checkpoint.directory=ckpt \
  --set factor.save=ckpt/case.000009.h5
{ [ ! -e out ] && [ ! -e ckpt ]; } || failed 'a refused run made a folder'

### results that are there: of this name, of another, of nobody
fresh
allowed run case.yaml
allowed run case.yaml --set noise_variance=0.2
refused 2 "out/results\.h5: .*'case'.*out/config\.yaml.*'other'.*other\.yaml.*--overwrite" run other.yaml
allowed run other.yaml --overwrite
allowed run other.yaml
rm out/config.yaml
refused 2 'out/results\.h5: .*config\.yaml.*--overwrite' run other.yaml
rm out/results.h5
refused 2 'out/summary\.json: .*config\.yaml.*--overwrite' run other.yaml
rm out/summary.json
printf 'name: other\n' >out/config.yaml # by hand: no results belong to it
refused 2 'out/config\.yaml: .*--overwrite' run other.yaml
allowed run other.yaml --overwrite
for command in certify select finite; do
  refused 2 'out/results\.h5|out/summary\.json' $command case.yaml --set 'finite_width.widths=[4, 8]' \
    --set data.pool.inputs=T.csv --set select.count=1
done
rm out/results.h5 # as after a crash between the first and the second file
allowed run other.yaml

### what an earlier run wrote repeats it, and stays
cp out/config.yaml before
allowed run out/config.yaml
cmp -s before out/config.yaml || failed 'config.yaml changed'
refused 2 'out/config\.yaml: .*the configuration' run out/config.yaml --set noise_variance=0.3
allowed run out/config.yaml --set noise_variance=0.3 --set output.directory=out2

### factors that are there
fresh
allowed run case.yaml --set factor.save=f.h5
cp f.h5 before.h5
allowed run case.yaml --set factor.save=f.h5 # the same: kept
cmp -s f.h5 before.h5 || failed 'the same factor was written again'
allowed run case.yaml --set factor.save=f.h5 --set noise_variance=0.2 # one of its own
! cmp -s f.h5 before.h5 || failed 'another factor of the same run was not replaced'
refused 2 'f\.h5: .*--overwrite' run other.yaml --set factor.save=f.h5 --set output.directory=out3
refused 2 'T\.csv: .*--overwrite' run case.yaml --set data.test.inputs=X.csv --set factor.save=T.csv
cp T.csv g.h5
allowed run case.yaml --set 'quantities=[nngp]' --set factor.save=g.h5 # its factor alone is g.kappa.h5
cmp -s T.csv g.h5 || failed 'a file that is no output was touched'
refused 2 'g\.h5: .*--overwrite' run case.yaml --set factor.save=g.h5
cp T.csv spare.h5
widelimit run case.yaml --overwrite --set factor.save=spare.h5
{ [ "$status" = 0 ] && [ "$(stat -c %s spare.h5)" -gt 1000 ]; } || failed 'a factor with --overwrite'

### places are made, and tried before the work
fresh
allowed run case.yaml --set factor.save=made/for/it/f.h5 --set output.directory=also/made
{ [ -s made/for/it/f.h5 ] && [ -s made/for/it/f.kappa.h5 ]; } || failed 'no factors'
refused 5 'T\.csv.*factor\.save' run case.yaml --set factor.save=T.csv/f.h5 --set output.directory=out4
mkdir folder
refused 5 'folder: .*factor\.save' run case.yaml --set factor.save=folder --set output.directory=out4
refused 5 'T\.csv.*output\.directory' run case.yaml --set output.directory=T.csv/out
refused 5 '/sys/out: cannot make this folder .*(not permitted|Read-only|denied)' run case.yaml --set output.directory=/sys/out
refused 5 'T\.csv.*checkpoint\.directory' run case.yaml --set checkpoint.directory=T.csv --set output.directory=out4

### --json
fresh
allowed bench --n 60 --test 8 --repeats 1 --dimension 3 --json made/bench.json
allowed bench --n 60 --test 8 --repeats 1 --dimension 3 --json made/bench.json
allowed plan case.yaml --json made/plan.json
allowed plan case.yaml --json made/plan.json
allowed run case.yaml
: >empty.json
allowed bench --n 60 --test 8 --repeats 1 --dimension 3 --json empty.json
for file in case.yaml X.csv data.h5 out/summary.json made/plan.json; do
  refused 2 "$file" bench --n 60 --repeats 1 --json "$file"
done
refused 2 'summary\.json' bench --calibrate --json out/summary.json
refused 2 'X\.csv.*data\.train\.inputs' plan case.yaml --json X.csv
ln X.csv linked.json
refused 2 'linked\.json.*X\.csv.*data\.train\.inputs' plan case.yaml --json linked.json
refused 2 'case\.yaml.*the configuration' plan case.yaml --json ./case.yaml
refused 2 'summary\.json' plan case.yaml --json out/summary.json
refused 5 'X\.csv' bench --n 60 --repeats 1 --json X.csv/bench.json
refused 5 'out: is a folder' bench --n 60 --repeats 1 --json out
refused 5 'X\.csv' plan case.yaml --json X.csv/plan.json

### tune: its own names
fresh
cat >tune.yaml <<'YAML'
data: {train: {inputs: X.csv, targets: Y.csv}, test: {inputs: T.csv}}
tune: {evaluations: 3, method: random, parameters: {noise_variance: {from: 0.1, to: 1, scale: log}}}
output: {directory: out}
YAML
allowed run case.yaml
allowed tune tune.yaml # beside results of another name, none of which it touches
allowed tune tune.yaml
refused 2 "out/tune\.h5: .*'tune'.*'other'" tune tune.yaml --set name=other
mkdir own
sed 's/[XYT]\.csv/..\/&/g; s/directory: out/directory: ./' tune.yaml >own/tuned.yaml
refused 2 'own/.*tuned\.yaml: .*the configuration' tune own/tuned.yaml --overwrite

[ "$failures" = 0 ] && echo "overwriting on $ranks ranks: all as expected"
exit "$((failures > 0))"
