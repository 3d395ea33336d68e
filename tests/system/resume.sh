#!/usr/bin/env bash
# resume.sh PROGRAM LAUNCHER RANKS COMPARE HOLD LINE: a run goes on from each of its checkpoints: on the same grid with the same
# results bit for bit, on other grids, rank counts and block sizes to 1e-12. Signals, limits, and files that are not what
# they were. LINE: a case whose kappa is singular and whose theta is not. Runs in a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../runs.sh
. "$(dirname "$0")/../runs.sh"
compare=$4 hold=$5 line=$6

# check NAME STATUS ACTUAL PATTERN: the pattern must be in the log.
check() {
  [ "$3" = "$2" ] || failed "$1: exit status $3, expected $2"
  grep -Eq "$4" log || failed "$1: nothing matches $4"
}

# same NAME TOLERANCE: the results of the last run are those of the uninterrupted one, and nothing else is left.
same() {
  "$compare" reference/results.h5 out/results.h5 "$2" >>log 2>&1 || failed "$1: other results"
  [ -z "$(find out -name '.*')" ] || failed "$1: unfinished files are left"
}

cat >case.yaml <<'END'
name: case
synthetic: {train: 600, test: 530, dimension: 6}
network: {depth: 2, activation: erf}
noise_variance: 0.05
loo: true
grid: {block: 48}
checkpoint: {directory: ckpt, every_minutes: 0, keep: 60}
output: {directory: out}
END
rm -rf ckpt kept out reference ./*.h5
on "$ranks" run case.yaml --set checkpoint.every_minutes=1000 --set output.directory=reference || failed 'the reference run'
[ -z "$(ls ckpt)" ] || failed 'checkpoints are left when a run is done'

### every checkpoint of a run: all are there when its results are put in place, which rank 0 is held before
rm -rf kept
mkdir kept
begin_held 0 commit:1 run case.yaml
ln ckpt/case.*.h5 kept/
release
finish
[ "$status" = 0 ] || failed "the run with checkpoints: status $status"
same 'the run with checkpoints' 0
count=$(find kept -name 'case.*.h5' | wc -l)
((count >= 8)) || failed "only $count checkpoints were written"

# from LAST: the folder as it was when checkpoint number LAST was the newest
from() { checkpoints_to "$1" kept; }

numbers=$(find kept -name 'case.*.h5' | grep -oE '[0-9]{6}' | sort)
step=0
other=$((ranks % 4 + 1))
for number in $numbers; do
  step=$((step + 1))
  from "$number"
  if ((step % 5 == 4)); then
    on "$other" run case.yaml --resume --set grid.block=$((20 + step)) --set checkpoint.every_minutes=30 ||
      failed "resume from $number on $other ranks"
    same "resume from $number on $other ranks" 1e-12
  elif ((step % 5 == 3)); then
    on "$other" run case.yaml --resume --set engine=lookahead --set checkpoint.every_minutes=30 ||
      failed "resume from $number on $other ranks by the other engine"
    same "resume from $number on $other ranks by the other engine" 1e-12
  elif ((step % 5 == 2)); then
    on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 || failed "resume from $number"
    same "resume from $number" 0
  else
    continue
  fi
  grep -q 'resumed  attempt 2' log || failed "checkpoint $number was not gone on from"
done

### files that are not what they were
# newest NAME: spoils nothing yet; checkpoints 4 and 5 are there, $file is the newer
spoil() {
  from 000005
  file=ckpt/case.000005.h5
}

# falls_back NAME PATTERN
falls_back() {
  local status=0
  on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 || status=$?
  check "$1" 0 $status "$2.*left out"
  grep -q 'attempt 2' log || failed "$1: the one before was not used"
  same "$1" 0
}

spoil
truncate -s -1000 $file
falls_back 'truncated' '000005.h5: is truncated'
spoil
: >$file
falls_back 'empty' '000005.h5: is empty'
spoil
head -c 100 /dev/zero >>$file
falls_back 'longer' '000005.h5: is (damaged|truncated)'
spoil
printf '9' | dd of=$file bs=1 seek=$(($(stat -c %s $file) - 1)) conv=notrunc status=none
falls_back 'another version' '000005.h5: is of another version: its format is 09'
for place in 40 700000; do
  spoil
  byte=$(od -An -tu1 -j $place -N 1 $file)
  # shellcheck disable=SC2059 # the format is the byte
  printf "\\x$(printf %02x $((byte ^ 16)))" | dd of=$file bs=1 seek=$place conv=notrunc status=none
  falls_back "byte $place flipped" '000005.h5: is damaged'
done
from 000005
for file in ckpt/*.h5; do truncate -s 5000 "$file"; done
on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 || failed 'all checkpoints damaged'
same 'all checkpoints damaged' 0

### another configuration, other data
status=0
from 000005
on "$ranks" run case.yaml --resume --set network.depth=3 || status=$?
check 'another configuration' 2 $status 'network\.depth was 2 and is now 3'
status=0
on "$ranks" run case.yaml --resume --set seed=5 || status=$?
check 'another seed' 2 $status 'seed was 0 and is now 5'
status=0
on "$ranks" run case.yaml --resume --set checkpoint.directory=empty || status=$?
check 'nothing to go on from' 0 $status 'theta'
same 'nothing to go on from' 0

### factors kept and used again
on "$ranks" run case.yaml --set factor.save=factor.h5 --set checkpoint.every_minutes=30 || failed 'factors kept'
rm -rf out
on "$other" predict --factor factor.h5 case.yaml || failed 'factors used'
same 'factors used on other ranks' 1e-12
status=0
on "$ranks" predict --factor factor.h5 case.yaml --set noise_variance=0.1 || status=$?
check 'factor of another configuration' 2 $status 'noise_variance was 0.05'
printf 'x' | dd of=factor.h5 bs=1 seek=500000 conv=notrunc status=none
status=0
on "$ranks" predict --factor factor.h5 case.yaml || status=$?
check 'damaged factor' 2 $status 'factor.h5: is damaged'
status=0
on "$ranks" predict --factor nothing.h5 case.yaml || status=$?
check 'no factor' 2 $status 'nothing.h5: cannot be opened'

### from a checkpoint of the other engine, on another grid
rm -rf ckpt kept out
mkdir kept
begin_held 0 commit:1 run case.yaml --set engine=lookahead
ln ckpt/case.*.h5 kept/
release
finish
[ "$status" = 0 ] || failed "the run with checkpoints by the other engine: status $status"
same 'the run with checkpoints by the other engine' 1e-12
for number in 000003 000008 000014; do
  [ -e "kept/case.$number.h5" ] || continue
  from $number
  on "$other" run case.yaml --resume --set grid.block=37 --set checkpoint.every_minutes=30 ||
    failed "resume from $number of the other engine"
  same "resume from $number of the other engine" 1e-12
  grep -q 'resumed  attempt 2' log || failed "checkpoint $number of the other engine was not gone on from"
done

### limits
rm -rf ckpt
begin_held 0 pdsyrk_:2 run case.yaml --time-limit 00:00:01 --set checkpoint.every_minutes=30
sleep 1
release
finish
check 'time limit' 75 "$status" 'stopped by the time limit'
on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 || failed 'after the time limit'
same 'after the time limit' 0

### nngp is left out: from every checkpoint, and from none, the same results without it, and status 3 again
rm -rf ckpt kept out reference
mkdir kept
cp "$line"/*.npy .
cat >case.yaml <<'END'
data: {train: {inputs: x.npy, targets: y.npy}, test: {inputs: t.npy}}
network: {depth: 3, activation: relu, sigma_w: 1.5, sigma_b: 0.05}
grid: {block: 16}
checkpoint: {directory: ckpt, every_minutes: 0, keep: 60}
output: {directory: out}
END
status=0
on "$ranks" run case.yaml --set checkpoint.every_minutes=1000 --set output.directory=reference || status=$?
check 'nngp left out' 3 $status 'error: nngp is left out'
begin_held 0 commit:1 run case.yaml
ln ckpt/case.*.h5 kept/
release
finish
check 'nngp left out, with checkpoints' 3 "$status" 'error: nngp is left out'
[ -z "$(ls ckpt)" ] || failed 'nngp left out: checkpoints are left'
numbers=$(find kept -name 'case.*.h5' | grep -oE '[0-9]{6}' | sort)
(($(wc -w <<<"$numbers") >= 8)) || failed "nngp left out: only $(wc -w <<<"$numbers") checkpoints"
for number in $numbers 0; do
  from "$number"
  status=0
  on "$ranks" run case.yaml --resume --set checkpoint.every_minutes=30 || status=$?
  check "nngp left out, from $number" 3 $status 'error: nngp is left out'
  same "nngp left out, from $number" 0
  grep -q '"left_out"' out/summary.json || failed "nngp left out, from $number: the summary does not say so"
done

exit $((failures > 0))
