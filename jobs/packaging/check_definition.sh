#!/usr/bin/env bash
# Runs the %files, %post and %test of widelimit.def in a minimal Debian 12, for want of Apptainer.
set -euo pipefail

usage() {
  cat <<'END'
usage: jobs/packaging/check_definition.sh ROOT [MIRROR]

ROOT: a folder for a minimal Debian 12 (debootstrap --variant=minbase bookworm), made where it is missing; 2 GB.
MIRROR: of Debian; debootstrap's own unless told otherwise. As root. What the definition does is done in ROOT.
END
}

case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
  '' | -*)
    usage >&2
    exit 2
    ;;
esac
root=$1
project=$(cd "$(dirname "$0")/../.." && pwd)
[ -x "$root/bin/bash" ] || debootstrap --variant=minbase bookworm "$root" "${2-}"

# section NAME: its lines
section() { sed -n "/^%$1\$/,/^%/{/^%/d;p}" "$project/jobs/packaging/widelimit.def"; }

mkdir -p "$root/opt/widelimit"
git -C "$project" -c safe.directory="$project" archive HEAD | tar -x -C "$root/opt/widelimit"
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
cp /etc/resolv.conf "$root/etc/resolv.conf"
for name in post test; do
  {
    echo set -e
    section environment
    section $name
  } >"$root/opt/$name.sh"
  chroot "$root" /bin/sh "/opt/$name.sh"
done
