#!/usr/bin/env bash
# bad_input.sh PROGRAM LAUNCHER RANKS MAKE_HDF5: what bad input gets. Each case must end in time with its exit status and
# exactly one message, which names what is wrong, and leave no results. One rank is started without the launcher. Runs in
# a folder of its own.
set -uo pipefail
export OMPI_MCA_odls_base_sigkill_timeout=0 # ranks that fail have said so before the first of them ends
program=$1 launcher=$2 ranks=$3 make_hdf5=$4
failures=0 count=0
launch=()
# shellcheck disable=SC2206 # the launcher is a command with an option
[ "$ranks" = 1 ] || launch=($launcher "$ranks")

# fresh: a run that works, for the next case to spoil.
fresh() {
  rm -rf case
  mkdir case
  cp good.h5 case/
  printf '%s\n' a,b,c 0.1,0.2,0.3 0.4,-0.5,0.6 -0.7,0.8,0.9 1.0,1.1,-1.2 -1.3,1.4,1.5 >case/X.csv
  printf '%s\n' 1 2 3 4 5 >case/Y.csv
  printf '%s\n' 0.3,0.2,0.1 0.6,0.5,0.4 >case/T.csv
  cat >case/case.yaml <<'END'
name: bad
data:
  train: {inputs: X.csv, targets: Y.csv}
  test: {inputs: T.csv}
network: {depth: 2, activation: relu}
grid: {block: 2}
output: {directory: out}
END
}

# check NAME STATUS PATTERN ACTUAL: the message is looked for in case/err.
check() {
  local messages wrong=()
  messages=$(grep -c '^widelimit: error: ' case/err)
  [ "$4" = "$2" ] || wrong+=("exit status $4, expected $2")
  [ "$messages" = 1 ] || wrong+=("$messages messages, expected 1")
  grep -Eq "^widelimit: error: .*($3)" case/err || wrong+=("no message matches $3")
  if grep -Eiq 'hdf5-diag|backtrace|segmentation|signal|mpi_abort|sanitizer|assert|\*\*\*' case/err case/log; then
    wrong+=("noise of a crash")
  fi
  [ -z "$(find case -path '*out/*results*' 2>/dev/null)" ] || wrong+=("a result file was left")
  count=$((count + 1))
  ((${#wrong[@]} > 0)) || return 0
  failures=$((failures + 1))
  printf 'FAILED: %s\n' "$1"
  printf '  %s\n' "${wrong[@]}"
  sed 's/^/  | /' case/err case/log
}

# expect NAME STATUS PATTERN ARGUMENT...: the program with these arguments.
expect() {
  local name=$1 status=$2 pattern=$3 actual=0
  shift 3
  (cd case && timeout -k 5 60 "${launch[@]}" "$program" "$@") >case/log 2>case/err </dev/null || actual=$?
  check "$name: $*" "$status" "$pattern" "$actual"
}

# bad NAME STATUS PATTERN [--set KEY=VALUE]...: the run in case/.
bad() {
  local name=$1 status=$2 pattern=$3
  shift 3
  expect "$name" "$status" "$pattern" run case.yaml "$@"
  fresh
}

# edit SED-EXPRESSION FILE
edit() { sed -i "$1" "case/$2"; }

# npy FILE DESCR FORTRAN SHAPE: the header of a NumPy file; its data come from standard input.
npy() {
  local header
  header=$(printf "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }" "$2" "$3" "$4")
  {
    printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header"
    cat
  } >"case/$1"
}

"$make_hdf5" good.h5 || exit 1
fresh
if ! "${launch[@]}" "$program" run case/case.yaml >case/log 2>&1 || [ ! -s case/out/results.h5 ]; then
  cat case/log
  echo 'FAILED: the good run that the cases spoil'
  exit 1
fi
fresh

### usage
expect 'no such command' 2 'walk' walk
expect 'no such option' 2 '--fast' run case.yaml --fast
expect 'no configuration' 2 'configuration|CONFIG|FILE' run
expect 'configuration in place of a command' 2 'case\.yaml is a file.*widelimit run case\.yaml' case.yaml run
expect 'bench too large' 2 'ranks' bench --n 100000000 --repeats 1
expect 'setting without value' 2 'network.depth' run case.yaml --set network.depth

### configuration
expect 'missing configuration' 2 'nowhere\.yaml' run nowhere.yaml
mkfifo case/pipe
expect 'pipe as configuration' 2 'pipe: is a named pipe' run pipe
expect 'folder as configuration' 2 'is a directory' run .
expect 'device as configuration' 2 '/dev/null: is a device' run /dev/null
edit 's/^network:/netwrok:/' case.yaml
bad 'unknown key' 2 'case\.yaml:5:.*netwrok'
edit 's/depth:/deep:/' case.yaml
bad 'unknown key below' 2 'case\.yaml:5:.*deep'
edit 's/depth: 2/depth: two/' case.yaml
bad 'wrong type' 2 'case\.yaml:5:.*network\.depth'
edit 's/depth: 2/depth: 0/' case.yaml
bad 'depth 0' 2 'case\.yaml:5:.*network\.depth'
edit 's/^name: bad/name: [bad/' case.yaml
bad 'no YAML' 2 'case\.yaml:[0-9]+'
edit '/^network:/d' case.yaml
edit '1i network: {depth: 2}\nnetwork: {depth: 3}' case.yaml
bad 'key twice' 2 'case\.yaml:2:.*network'
edit '/test:/d' case.yaml
bad 'no test inputs' 2 'case\.yaml.*data\.test\.inputs'
bad 'unknown key set' 2 'network\.breadth' --set network.breadth=5
bad 'sigma_w 0' 2 'network\.sigma_w' --set network.sigma_w=0
bad 'sigma_w below 0' 2 'network\.sigma_w' --set network.sigma_w=-1
bad 'sigma_w no number' 2 'network\.sigma_w' --set network.sigma_w=nan
bad 'noise below 0' 2 'noise_variance' --set noise_variance=-0.1
bad 'jitter below 0' 2 'jitter' --set jitter=-1
bad 'seed below 0' 2 'seed' --set seed=-1
bad 'block below 1' 2 'grid\.block' --set grid.block=-1
bad 'block too large for a message' 2 'grid\.block.*50000.*8192' --set grid.block=50000
bad 'grid of other size' 2 'grid.*7.*rank|rank.*7' --set grid.rows=7 --set grid.columns=1
bad 'unknown activation' 2 'network\.activation.*relu' --set network.activation=rely
bad 'unknown layer' 2 'network\.layers\[1\]: there is no layer .reul.*relu' --set 'network={layers: [dense, reul, dense]}'
edit 's/^network:.*/network: {depth: 2, layers: [dense, relu, dense]}/' case.yaml
bad 'layers beside the short form' 2 'case\.yaml:5: network\.depth: cannot stand together with network\.layers'
edit 's/^network:.*/network: {layers: [dense, relu]}/' case.yaml
bad 'no dense layer last' 2 'case\.yaml:5: network\.layers\[1\]: is the last layer.*dense'
bad 'unknown quantity' 2 'quantities.*ensemble' --set 'quantities=[ensemble,magic]'
bad 'standardized classes' 2 'data\.standardize_targets.*one_hot' --set data.standardize_targets=true --set data.target_encoding=one_hot
bad 'standardized targets at training times' 2 'data\.standardize_targets.*training\.times' --set data.standardize_targets=true \
  --set 'training.times=[1.0]'
bad 'standardized targets of trained networks' 2 'data\.standardize_targets.*finite_width' --set data.standardize_targets=true \
  --set 'finite_width.widths=[32, 64]'
bad 'an interval of certainty' 2 'output\.intervals.*below 1' --set 'output.intervals=[0.9, 1.0]'
bad 'no times' 2 'training\.times: is empty' --set 'training.times=[]'
bad 'unknown encoding' 2 'data\.target_encoding.*one_hot' --set data.target_encoding=two_hot

### files
bad 'missing file' 2 'none\.csv' --set data.train.inputs=none.csv
bad 'missing file with a line end in its name' 2 'none\?two\.csv' --set data.train.inputs=$'"none\\ntwo.csv"'
mkdir case/folder.csv
bad 'unreadable file' 2 'folder\.csv' --set data.train.inputs=folder.csv
bad 'unknown ending' 2 'X\.txt' --set data.train.inputs=X.txt
bad 'absent dataset' 2 'good\.h5.*/absent' --set data.train.inputs=good.h5:/absent
bad 'group, not dataset' 2 'good\.h5.*/group' --set data.train.inputs=good.h5:/group
bad 'no dataset named' 2 'good\.h5.*dataset' --set data.train.inputs=good.h5
bad 'dataset of rank 3' 2 'good\.h5.*/cube.*(rank|dimension)' --set data.train.inputs=good.h5:/cube
bad 'dataset of text' 2 'good\.h5.*/text.*(type|number)' --set data.train.inputs=good.h5:/text
bad 'empty dataset' 2 'good\.h5.*/none.*(empty|no rows|0 rows)' --set data.train.inputs=good.h5:/none
bad 'NaN in a dataset' 2 'good\.h5.*/nan.*row 5.*column 2' --set data.train.inputs=good.h5:/nan \
  --set data.train.targets=good.h5:/y
mkfifo case/away.h5 case/away.bin
for name in link virtual raw; do
  expect "named pipe behind a dataset" 2 "good\.h5:/$name.* away\..*not a regular file" run case.yaml \
    --set data.train.inputs=good.h5:/$name --set data.train.targets=good.h5:/y
done
fresh
echo text >case/fake.h5
bad 'no HDF5 file' 2 'fake\.h5.*HDF5' --set data.train.inputs=fake.h5:/x
head -c 240 /dev/zero | npy X.npy '<c16' False '5, 3'
bad 'NPY of complex type' 2 'X\.npy.*(type|c16)' --set data.train.inputs=X.npy
head -c 100 /dev/zero | npy X.npy '<f8' False '5, 3'
bad 'NPY truncated' 2 'X\.npy.*(truncated|short|ends|bytes)' --set data.train.inputs=X.npy
{
  head -c 56 /dev/zero
  printf '\0\0\0\0\0\0\xf0\x7f'
  head -c 56 /dev/zero
} | npy X.npy '<f8' False '5, 3'
bad 'infinity in NPY' 2 'X\.npy.*row 3.*column 2' --set data.train.inputs=X.npy
echo text >case/X.npy
bad 'no NPY file' 2 'X\.npy' --set data.train.inputs=X.npy

### CSV
edit '4s/0\.8/nan/' X.csv
bad 'NaN in CSV' 2 'X\.csv.*row 3.*column 2'
edit '3s/0\.6/inf/' X.csv
bad 'infinity in CSV' 2 'X\.csv.*row 2.*column 3'
edit '2s/0\.5/nan/' T.csv
bad 'NaN in test inputs' 2 'T\.csv.*row 2.*column'
edit '2s/2/nan/' Y.csv
bad 'NaN in targets' 2 'Y\.csv.*row 2.*column 1'
edit '5s/,-1\.2//' X.csv
bad 'ragged CSV' 2 'X\.csv(:| line |.*line )5'
edit '5s/1\.1/one/' X.csv
bad 'non-numeric CSV' 2 'X\.csv(:| line |.*line )5'
edit "2,\$d" X.csv
bad 'header only' 2 'X\.csv.*(empty|no rows|no numbers|no data)'
: >case/T.csv
bad 'empty file' 2 'T\.csv.*(empty|no rows|no numbers|no data)'
bad 'columns that are not there' 2 'X\.csv.*(column|2-9)' --set data.train.inputs=X.csv:2-9

edit '1s/.*/0.0,1.0,2.0/' X.csv
bad 'columns counted in floating point' 2 'X\.csv:1: .*counts the columns.*data\.header'
edit '1d;s/,/|/g' X.csv
bad 'another separator' 2 'X\.csv:1: .*not a number.*[|]'
gzip -c case/X.csv >case/packed.csv
bad 'packed, but not by its name' 2 'packed\.csv: .*gzip.*\.gz' --set data.train.inputs=packed.csv
gzip -c case/X.csv >case/packed.npy
bad 'packed, but not by its name' 2 'packed\.npy: .*gzip.*\.gz' --set data.train.inputs=packed.npy

### data sets that do not match
edit '5d' Y.csv
bad 'X and Y of different length' 2 'X\.csv.*5.*Y\.csv.*4'
bad 'T of another dimension' 2 'X\.csv.*3.*T\.csv.*2' --set data.test.inputs=T.csv:1-2
bad 'test targets of different length' 2 'T\.csv.*2.*Y\.csv.*5' --set data.test.targets=Y.csv
printf '1\n0\n1\n' >case/ood.csv
bad 'ood of different length' 2 'T\.csv.*2.*ood\.csv.*3' --set data.test.ood=ood.csv
printf '1\n7\n' >case/ood.csv
bad 'ood neither 0 nor 1' 2 'ood\.csv.*row 2' --set data.test.ood=ood.csv
edit '3s/3/2.5/' Y.csv
bad 'classes that are not integers' 2 'Y\.csv.*row 3' --set data.target_encoding=one_hot
edit '6s/.*/0.4,-0.5,0.6/' X.csv
bad 'identical rows without noise' 2 'X\.csv.*2.*5' --set noise_variance=0

edit '6s/.*/0.8,-1.0,1.2/' X.csv # twice row 2
bad 'a multiple of a row and no biases' 3 'row 5 .*sigma_b above 0: .*multiples' --set noise_variance=0 --set network.sigma_b=0
edit '6s/.*/0.8,-1.0,1.2/' X.csv
bad 'the same in mixed precision' 3 'row 5 .*sigma_b above 0: .*multiples' --set noise_variance=0 --set network.sigma_b=0 \
  --set precision=mixed --set 'quantities=[ensemble]'

### the run
bad 'kernel not positive definite' 3 'row.*(noise|jitter|depth)' --set network.depth=1 --set network.sigma_b=0
edit '/^data:/,/test:/d' case.yaml
echo 'synthetic: {train: 100000000, test: 10, dimension: 3}' >>case/case.yaml
bad 'too large' 2 'rank'
if ! grep -q __asan_init "$program"; then # the sanitizer itself takes terabytes of address space
  edit '/^data:/,/test:/d' case.yaml
  echo 'synthetic: {train: 20000, test: 10, dimension: 3}' >>case/case.yaml
  (
    ulimit -v 900000
    bad 'too large for the limit on memory' 2 'address space.*ulimit' --set grid.block=192
    expect 'bench too large for the limit on memory' 2 'address space.*ulimit' bench --n 20000 --test 10 --repeats 1
    exit $((failures > 0))
  ) || failures=$((failures + 1))
fi
mkdir -p case/out/summary.json/in
bad 'folder in place of a result file' 5 'summary\.json.*folder'
: >case/file
bad 'output that cannot be written' 5 'file/out' --set output.directory=file/out

echo "$((count - failures)) of $count cases passed"
exit $((failures > 0))
