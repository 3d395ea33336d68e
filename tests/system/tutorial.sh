#!/usr/bin/env bash
# tutorial.sh PROGRAM LAUNCHER RANKS PROJECT PAGE: runs the commands of a page of doc/ and compares what they print with the page
# (tutorial.py). Nothing is downloaded: skipped where a page needs scikit-learn's files and they are not installed.
set -uo pipefail
program=$1 launcher=$2 project=$4 page=$4/doc/$5

# shellcheck source-path=SCRIPTDIR source=../pythons.sh
. "$(dirname "$0")/../pythons.sh"
python=$(python_with 'numpy, h5py')
missing=
[ -n "$python" ] || missing='NumPy or h5py'
command -v gnuplot >/dev/null || missing=gnuplot
data=$(python3 -c 'import importlib.util as u; s = u.find_spec("sklearn"); print(s.submodule_search_locations[0] if s else "")')/datasets/data
[ -f "$data/diabetes_data_raw.csv.gz" ] || ! grep -q get_diabetes "$page" || missing=scikit-learn
if [ -n "$missing" ]; then
  echo "$missing is missing" >&2
  [ "${CI-}" != true ] || [ "$missing" = scikit-learn ] || exit 1 # its data are on PyPI, from which no script installs
  exit 77
fi

rm -rf bin diabetes inputs out
mkdir bin inputs
cp -r "$project/inputs/digits" inputs/ # for pages whose commands run in the folder of the project
ln -s "$program" bin/widelimit
# The page's mpirun is the launcher of this build, its python3 the one that has h5py.
# shellcheck disable=SC2016 # $1 and $@ are the scripts'
printf '#!/bin/sh\nshift\nexec %s "$@"\n' "$launcher" >bin/mpirun
# shellcheck disable=SC2016
printf '#!/bin/sh\ncase $1 in *.py) exec %s "$@" ;; esac\nexec %s "$@"\n' "$python" "$(command -v python3)" >bin/python3
chmod +x bin/mpirun bin/python3
W=$project PATH=$PWD/bin:$PATH PYTHONDONTWRITEBYTECODE=1 exec "$python" "$(dirname "$0")/tutorial.py" "$page"
