#!/usr/bin/env bash
# jobs/widelimit.py: arrays in, arrays out; the same numbers as the reference, and the program's message where it fails.
# usage: python.sh PROGRAM LAUNCHER RANKS MODULE-FOLDER REFERENCE
set -euo pipefail

python=$(command -v python3) || exit 77
for candidate in /usr/bin/python3 "$python"; do # Debian's packages belong to Debian's interpreter
  if "$candidate" -c 'import numpy, h5py' 2>/dev/null; then
    WIDELIMIT=$1 WIDELIMIT_LAUNCH=$2 PYTHONPATH=$4 exec "$candidate" "$(dirname "$0")/python.py" "$3" "$5"
  fi
done
[ "${CI-}" != true ] || { echo "NumPy and h5py are missing" >&2 && exit 1; }
exit 77
