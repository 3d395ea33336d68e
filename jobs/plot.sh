#!/usr/bin/env bash
# Draws what the results of a run allow: starts plot.py with a Python that has NumPy and h5py. `jobs/plot.sh --help`.
set -euo pipefail
python=python3
for candidate in python3 /usr/bin/python3; do # Debian's packages belong to Debian's interpreter
  if "$candidate" -c 'import numpy, h5py' 2>/dev/null; then
    python=$candidate
    break
  fi
done
exec "$python" "$(dirname "$0")/plot.py" "$@"
