# shellcheck shell=bash
# What scripts of tests/ that are started by hand share: their first comment says how they are used, and answers -h and --help. Source
# it from the script itself, whose arguments it sees.

# It was started in a way that makes no sense.
refuse_usage() {
  "$0" --help >&2
  exit 2
}

case ${1-} in
  -h | --help) exec sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" ;;
esac
