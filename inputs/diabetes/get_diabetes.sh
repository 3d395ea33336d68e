#!/usr/bin/env bash
# get_diabetes.sh [FOLDER]: puts the diabetes data as they are published, 442 patients, into FOLDER (this one): ten measurements
# in diabetes_data_raw.csv.gz, the progression of the disease in diabetes_target.csv.gz. They come with scikit-learn: from the one
# that python3 has installed, else from the package scikit-learn of PyPI, by pip (a download of some 10 MB).
set -euo pipefail
case ${1-} in
  -h | --help) exec sed -n '2,4s/^# //p' "$0" ;;
esac
folder=$(cd "${1-$(dirname "$0")}" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sklearn=$(python3 -c 'import importlib.util as u; s = u.find_spec("sklearn"); print(s.submodule_search_locations[0] if s else "")')
if [ -z "$sklearn" ]; then
  python3 -m pip download -q --no-deps --only-binary :all: -d "$scratch" scikit-learn
  python3 -m zipfile -e "$scratch"/scikit_learn-*.whl "$scratch"
  sklearn=$scratch/sklearn
fi
for name in diabetes_data_raw diabetes_target; do cp "$sklearn/datasets/data/$name.csv.gz" "$folder/"; done
echo "in $folder: diabetes_data_raw.csv.gz, diabetes_target.csv.gz"
