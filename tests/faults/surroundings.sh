#!/usr/bin/env bash
# surroundings.sh PROGRAM LAUNCHER RANKS COMPARE HOLD: what a run stands on is taken away or changed: the folder of the checkpoints,
# the memory of one rank, the data; disks that are full or read-only. Each ends with the right results or with one message
# and the right status. What needs a mount of its own is skipped, by name, without it. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
make_case

### the folder of the checkpoints is removed, between two of them and while one is written; then there is nothing to go on from
for place in '1 pdsyrk_:9' '0 strip:3' '0 rename:3'; do
  fresh
  # shellcheck disable=SC2086 # rank and place
  begin_held $place run case.yaml
  rm -rf ckpt
  release
  finish
  expect "checkpoints removed at $place" 0 'nngp'
  same "checkpoints removed at $place"
done

### other data
for file in X Y T; do
  fresh
  begin_held 0 rename:3 run case.yaml
  kill -USR1 "$(pid_of 1)"
  release
  finish
  expect "a stop before $file.csv changes" 75 'stopped by'
  cp $file.csv kept.csv
  sed -i '5s/$/1/' $file.csv
  run --resume
  cp kept.csv $file.csv
  expect "$file.csv changed" 2 'error: .*other data: the (training|test) (inputs|targets) were'
  [ -n "$(ls ckpt)" ] || failed "$file.csv changed: the checkpoints are gone"
  go_on "$file.csv put back"
done

### too little memory on one rank: beyond what the program foresees, and within
cat >limited.sh <<'END'
#!/usr/bin/env bash
[ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}" != 1 ] || ulimit -v "$limit"
exec "$@"
END
chmod +x limited.sh
cat >large.yaml <<'END'
synthetic: {train: 14000, test: 10, dimension: 2}
output: {directory: out}
END
if ! grep -q __asan_init "$program"; then # the sanitizer itself takes terabytes of address space
  fresh
  # shellcheck disable=SC2086
  timeout -k 5 120 $launcher "$ranks" env limit=700000 ./limited.sh "$program" run large.yaml >log 2>&1 </dev/null
  status=$?
  expect 'too little memory on rank 1' 2 'error: .*address space.*\(rank 1\)'
  [ ! -e out/results.h5 ] || failed 'too little memory on rank 1: there are results'
else
  echo 'skipped: too little memory on one rank (sanitizer)'
fi

### disks of their own
if ! { mkdir -p small && mount -t tmpfs -o size=5m none small; } 2>/dev/null; then
  echo 'skipped: full and read-only disks (mounting is not allowed here)'
  exit $((failures > 0))
fi
trap 'umount -l small' EXIT
trap 'exit 1' TERM INT HUP

# fill BYTES: what is left of the small disk.
fill() {
  rm -rf small/*
  local left
  left=$(df --output=avail -B1 small | tail -n 1)
  head -c $((left - $1)) /dev/zero >small/filler
}

fresh
fill 1000000
run --set checkpoint.directory=small --set checkpoint.keep=1
expect 'disk full during a checkpoint' 0 'warning: no checkpoint could be written: .*(No space|cannot be written)'
same 'disk full during a checkpoint'
[ -z "$(find small -name '*.h5*')" ] || failed 'disk full during a checkpoint: part of one is left'
fresh
fill 4096 # the lock's
run --set checkpoint.directory=small
expect 'disk full before the first checkpoint' 0 'warning: no checkpoint could be written: .*No space'
same 'disk full before the first checkpoint'
! grep -q 'infinite loop' log || failed 'disk full before the first checkpoint: HDF5 has not let go of it'
fresh
fill 1000000
begin_held 1 pdsyrk_:9 run case.yaml --set checkpoint.directory=small --set checkpoint.every_minutes=30
kill -USR1 "$(pid_of 0)"
release
finish
expect 'disk full at a stop' 5 'error: .*no checkpoint could be written'
fresh
fill 40000
run --set output.directory=small/out --set checkpoint.every_minutes=30
expect 'disk full during results' 5 'error: .*small/out'
[ ! -e small/out/results.h5 ] || failed 'disk full during results: a result file is left'
fresh
rm -rf small/*
begin_held 1 pdsyrk_:9 run case.yaml --set output.directory=small/out --set checkpoint.every_minutes=30
head -c 6m /dev/zero >small/filler 2>/dev/null
release
finish
expect 'disk full between the opening and the end' 5 'error: .*small/out'
[ -z "$(find small/out -type f)" ] || failed 'disk full between the opening and the end: a file is left'

# Factors of 1.22 MiB each: no room for one, then for one of two.
fresh
fill 300000
run --set factor.save=small/f.h5 --set checkpoint.every_minutes=30
expect 'disk full at factor.save' 0 'warning: small/f\.h5: the disk has .* left, but factors take'
for prior in theta kappa; do
  grep -q "warning: the factor of $prior is not kept: .*small/f.*; the run goes on" log || failed "no warning of $prior"
done
same 'disk full at factor.save'
[ -z "$(find small -name 'f*.h5*')" ] || failed 'disk full at factor.save: part of one is left'
fresh
fill 0
run --set factor.save=small/f.h5 --set checkpoint.every_minutes=30
expect 'no room at all for factors' 0 'warning: the factor of kappa is not kept: .*small/f\.kappa\.h5'
same 'no room at all for factors'
fresh
fill 2000000
run --set factor.save=small/f.h5 --set checkpoint.every_minutes=30
expect 'room for one factor' 0 'warning: the factor of kappa is not kept: .*small/f\.kappa\.h5'
same 'room for one factor'
{ [ -s small/f.h5 ] && [ ! -e small/f.kappa.h5 ]; } || failed 'room for one factor: not that of theta alone'
rm -rf small/*
mount -o remount,ro small
run --set checkpoint.directory=small/ckpt
expect 'read-only disk for checkpoints' 5 'error: .*small/ckpt'
run --set output.directory=small/out
expect 'read-only disk for results' 5 'error: .*small/out'
fresh
run --set factor.save=small/new/f.h5
expect 'read-only disk for factors' 5 'error: small/new.*factor\.save'
[ ! -e out ] || failed 'read-only disk for factors: the run began'
exit $((failures > 0))
