# shellcheck shell=bash
# What the scripts that draw share. Source it from one that defines `usage`, with that one's arguments: it answers --help,
# and says when gnuplot is missing. $columns is a folder for the script's files, removed at its end.
case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
  -?*)
    usage >&2
    exit 2
    ;;
esac

# shellcheck source-path=SCRIPTDIR source=setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
columns=$(mktemp -d)
trap 'rm -rf "$columns"' EXIT

# need PROGRAM PACKAGE
need() { command -v "$1" >/dev/null || fail "the program $1 is missing (Debian: $2)"; }
need gnuplot gnuplot-nox

# draw SCRIPT FIGURE ARGUMENT...: jobs/SCRIPT.gp with $columns, a path for the figure (.svg or .png), jobs and the arguments;
# the figure is put in place whole.
draw() {
  local script=$1 figure=$2 made
  shift 2
  case $figure in *.svg | *.png) ;; *) refuse "a figure ends in .svg or .png, not $figure" ;; esac
  made=$columns/made.${figure##*.}
  gnuplot -c "jobs/$script.gp" "$columns" "$made" jobs "$@"
  mkdir -p "$(dirname "$figure")"
  mv "$made" "$figure"
  echo "$figure"
}
