#!/usr/bin/env bash
# published.sh PROGRAM [FOLDER]: by hand. Fetches published files as they are (the PyPI packages scikit-learn and statsmodels,
# Debian's dataset-fashion-mnist), writes two forms that other programs give their files (the UCI benchmark's, MATLAB 7.3's,
# by NumPy and h5py), runs the program on each and prints what came of it as the table of doc/formats.md. Needs pip,
# apt-get, dpkg-deb and jq; all goes into FOLDER (build/published).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=usage.sh
. "$(dirname "$0")/usage.sh"
case ${1-} in '' | -*) refuse_usage ;; esac
program=$(realpath "$1")
folder=${2:-build/published}
mkdir -p "$folder"
cd "$folder"

fetch() {
  python3 -m pip download -q --no-deps scikit-learn statsmodels
  python3 -m pip install -q --target python numpy h5py
  for wheel in scikit_learn-*.whl statsmodels-*.whl; do python3 -m zipfile -e "$wheel" wheels; done
  apt-get download -q dataset-fashion-mnist >/dev/null
  dpkg-deb -x dataset-fashion-mnist_*.deb debian
  ln -sfn wheels/sklearn/datasets/data sklearn
  ln -sfn wheels/statsmodels/datasets statsmodels
  ln -sfn debian/usr/share/datasets/fashion-mnist fashion-mnist
}

# The forms: blanks between columns and lists of rows from 0 (UCI benchmark); columns first, with MATLAB's attribute.
write_forms() {
  PYTHONPATH=python python3 - <<'END'
import gzip
import h5py
import numpy
x = numpy.loadtxt(gzip.open('sklearn/diabetes_data_raw.csv.gz'))
y = numpy.loadtxt(gzip.open('sklearn/diabetes_target.csv.gz'))
rows = numpy.random.RandomState(1).permutation(len(x))
numpy.savetxt('data.txt', numpy.column_stack([x, y]))
numpy.savetxt('index_train_0.txt', rows[44:])
numpy.savetxt('index_test_0.txt', rows[:44])
with h5py.File('diabetes.mat', 'w', userblock_size=512) as file:
    for name, matrix in {'X': x, 'y': y[:, None], 'Xt': x.T, 'yt': y[None, :]}.items():
        file.create_dataset(name, data=matrix.T).attrs['MATLAB_class'] = numpy.bytes_('double')
END
}

# outcome: sizes and warnings, or the message.
outcome() {
  if [ "$1" = 0 ]; then
    jq -j '.sizes | "\(.train) × \(.dimension), \(.outputs) outputs, \(.test) tests"' out/summary.json
    sed -n 's/^widelimit: warning: /; /p' err | tr -d '\n'
  else
    printf 'status %s: ' "$1"
    sed -n 's/^widelimit: error: //p' err | tr -d '\n'
  fi
}

# try NAME KEY=VALUE...: one row of the table. The inputs are standardized, with noise.
try() {
  local name=$1 status=0 settings=() setting
  shift
  for setting in "$@"; do settings+=(--set "data.$setting"); done
  rm -rf out
  "$program" run base.yaml "${settings[@]}" >log 2>err </dev/null || status=$?
  printf '| %s |' "$name"
  printf ' %s' "${@/#train.inputs=/}" | sed 's/ train\.targets=/ /; s/|/\\|/g'
  printf ' | %s |\n' "$(outcome $status)"
}

# split NAME INPUTS TARGETS [KEY=VALUE...]: a tenth is for testing.
split() { try "$1" "train.inputs=$2" "train.targets=$3" 'split={test: 0.1, seed: 3}' "${@:4}"; }

cat >base.yaml <<'END'
name: published
data: {standardize: true}
noise_variance: 0.1
network: {depth: 2}
output: {directory: out}
END

[ -d fashion-mnist ] || fetch
write_forms
seq 0 499 >first.txt
echo '| file | sources and keys | outcome |'
echo '| --- | --- | --- |'
classes=target_encoding=one_hot
split 'scikit-learn iris' sklearn/iris.csv:1-4 sklearn/iris.csv:5 $classes
split 'scikit-learn breast_cancer' sklearn/breast_cancer.csv:1-30 sklearn/breast_cancer.csv:31 $classes
split 'scikit-learn wine_data' sklearn/wine_data.csv:1-13 sklearn/wine_data.csv:14 $classes
split 'scikit-learn digits' sklearn/digits.csv.gz:1-64 sklearn/digits.csv.gz:65 $classes
split 'scikit-learn diabetes' sklearn/diabetes_data_raw.csv.gz sklearn/diabetes_target.csv.gz
split 'scikit-learn linnerud' sklearn/linnerud_exercise.csv 'sklearn/linnerud_physiological.csv:[Weight,Waist]'
try 'Fashion-MNIST' train.inputs=fashion-mnist/train-images-idx3-ubyte.gz \
  train.targets=fashion-mnist/train-labels-idx1-ubyte.gz train.rows=first.txt \
  test.inputs=fashion-mnist/t10k-images-idx3-ubyte.gz test.targets=fashion-mnist/t10k-labels-idx1-ubyte.gz \
  test.rows=first.txt divide_by=255 standardize=false $classes
try 'UCI benchmark form' train.inputs=data.txt:1-10 train.targets=data.txt:11 train.rows=index_train_0.txt \
  test.inputs=data.txt:1-10 test.targets=data.txt:11 test.rows=index_test_0.txt
split 'MATLAB 7.3 form' diabetes.mat:Xt diabetes.mat:yt
split 'MATLAB 7.3 form, as MATLAB users have it' diabetes.mat:X diabetes.mat:y
split 'statsmodels anes96 (tab)' 'statsmodels/anes96/anes96.csv:1-9' statsmodels/anes96/anes96.csv:10 $classes
split 'statsmodels ccard' 'statsmodels/ccard/ccard.csv:[AGE,INCOME,OWNRENT]' 'statsmodels/ccard/ccard.csv:[AVGEXP]'
split 'statsmodels committee' statsmodels/committee/committee.csv:3-7 statsmodels/committee/committee.csv:2
split 'statsmodels danish_data (byte order mark)' 'statsmodels/danish_data/data.csv:[lry,lpy,ibo]' 'statsmodels/danish_data/data.csv:[lrm]'
split 'statsmodels engel' statsmodels/engel/engel.csv:1 statsmodels/engel/engel.csv:2
split 'statsmodels fertility (names and years)' statsmodels/fertility/fertility.csv:5-54 statsmodels/fertility/fertility.csv:55
split 'statsmodels heart' statsmodels/heart/heart.csv:2-3 statsmodels/heart/heart.csv:1
split 'statsmodels interest_inflation (blanks)' statsmodels/interest_inflation/E6_jmulti.csv:1 statsmodels/interest_inflation/E6_jmulti.csv:2
split 'statsmodels longley' statsmodels/longley/longley.csv:3-8 'statsmodels/longley/longley.csv:[TOTEMP]'
split 'statsmodels modechoice (semicolon)' 'statsmodels/modechoice/modechoice.csv:2,4-9' statsmodels/modechoice/modechoice.csv:3 $classes
split 'statsmodels scotvote.dat' statsmodels/scotland/src/scotvote.dat:2-4 statsmodels/scotland/src/scotvote.dat:5
split 'statsmodels spector (blanks)' statsmodels/spector/spector.csv:2-4 statsmodels/spector/spector.csv:5 $classes
split 'statsmodels star98' statsmodels/star98/star98.csv:2-8 statsmodels/star98/star98.csv:1
split 'statsmodels statecrime' 'statsmodels/statecrime/statecrime.csv:3-8' 'statsmodels/statecrime/statecrime.csv:[violent]'
split 'statsmodels strikes' statsmodels/strikes/strikes.csv:2 statsmodels/strikes/strikes.csv:1
