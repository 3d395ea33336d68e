# shellcheck shell=bash
# What the scripts that draw share. Source it from one that defines `usage`: it answers --help; $columns is a
# folder for the script's files, removed at its end.
case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
esac

# shellcheck source-path=SCRIPTDIR source=setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
columns=$(mktemp -d)
trap 'rm -rf "$columns"' EXIT
