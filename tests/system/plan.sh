#!/usr/bin/env bash
# plan.sh PROGRAM LAUNCHER RANKS INPUT CHECK_SUMMARY: what `plan` says is what `run` then does: grid, block, panels, memory; what it
# refuses; that the calibration it reads is the one that `bench` writes. And that the phases of a run add up.
set -euo pipefail
program=$1 launcher=$2 ranks=$3 input=$4 check_summary=$5

fail() {
  cat out.txt err.txt
  echo "FAILED: $*"
  exit 1
}

# plan ARGUMENT...: its status; out.txt, err.txt
plan() { "$program" plan "$@" >out.txt 2>err.txt </dev/null; }

# accepts PATTERN ARGUMENT...
accepts() {
  local pattern=$1
  shift
  plan "$@" || fail "plan $* ends with $?"
  grep -qE -- "$pattern" out.txt || fail "plan $* does not say '$pattern'"
}

# refuses PATTERN ARGUMENT...: status 2, one message
refuses() {
  local pattern=$1 status=0
  shift
  plan "$@" || status=$?
  [ $status = 2 ] || fail "plan $* ends with $status"
  [ "$(wc -l <err.txt)" = 1 ] || fail "plan $* has not one message"
  grep -qE -- "^widelimit: error: .*$pattern" err.txt || fail "plan $* does not say '$pattern'"
}

# number KEY FILE: the first number with that key in pretty-printed JSON
number() { sed -n "s/^ *\"$1\": \([-+.0-9eE]*\),\{0,1\}$/\1/p" "$2" | sed -n 1p; }

# near A B SHARE: whether A is within that share of B
near() { awk -v a="$1" -v b="$2" -v share="$3" 'BEGIN { exit !(a > 0 && b > 0 && a / b - 1 <= share && b / a - 1 <= share) }'; }

# takes_what_was_planned [SHARE]: plan.json against the summary of the run in out/
takes_what_was_planned() {
  local planned measured
  planned=$(sed -n '/"bytes_node"/,/}/p' plan.json | sed -n 's/.*"all": \([-+.0-9eE]*\).*/\1/p' | sed -n 1p)
  measured=$(number peak_rss_bytes_sum out/summary.json)
  if grep -q __asan_init "$program"; then return; fi # the sanitizer has memory of its own
  echo "memory: $planned planned, $measured taken"
  near "$planned" "$measured" "${1-0.2}" || fail "planned $planned bytes, the run took $measured"
}

rm -rf ./*.txt ./*.json job.sbatch out
large=(--set synthetic.train=4000 --set synthetic.test=500)

# The run does what was planned.
accepts '^  all ' "$input" "${large[@]}" --ranks "$ranks" --json plan.json
sed -n 's/^  ranks  *//p' out.txt >planned.txt
began=$(date +%s.%N)
# shellcheck disable=SC2086 # the launcher is a command with an option
$launcher "$ranks" "$program" run "$input" "${large[@]}" --set output.directory="$PWD/out" >run.txt
elapsed=$(date +%s.%N | awk -v began="$began" '{ print $1 - began }')
sed -n 's/^  ranks  *//p' run.txt >ran.txt
cmp planned.txt ran.txt
takes_what_was_planned

# No phase is missing from the wall time, which is not more than passed outside.
awk -v elapsed="$elapsed" '/^  "seconds": \{/ { inside = 1 }
     inside && /"mean":/ { sub(/,$/, "", $2); sum += $2 }
     inside && /^    "wall":/ { sub(/,$/, "", $2); wall = $2 }
     /^  \}/ { inside = 0 }
     END { if (!(wall > 0 && sum / wall > 0.98 && sum / wall < 1.02 && wall <= elapsed)) { print "FAILED: phases take " sum " of " wall " s in " elapsed; exit 1 } }' out/summary.json

# Half the memory, and that is known before.
mixed=(--set synthetic.train=4000 --set synthetic.test=100 --set precision=mixed)
accepts '^  all ' "$input" "${mixed[@]}" --ranks "$ranks" --json plan.json
# shellcheck disable=SC2086
$launcher "$ranks" "$program" run "$input" "${mixed[@]}" --set output.directory="$PWD/out" >run.txt
takes_what_was_planned

# So is what draws of functions take then, with their copies on the way between ranks and within PBLAS.
mixed=(--set synthetic.train=3000 --set synthetic.test=100 --set precision=mixed --set sampling.rnd=1024)
accepts '^  all ' "$input" "${mixed[@]}" --ranks "$ranks" --json plan.json
# shellcheck disable=SC2086
$launcher "$ranks" "$program" run "$input" "${mixed[@]}" --set output.directory="$PWD/out" >run.txt
takes_what_was_planned 0.1

# With more test points than training points, and in two batches.
mixed=(--set synthetic.train=1000 --set synthetic.test=4000 --set precision=mixed --set sampling.rnd=1024
  --set 'quantities=[ensemble, rnd]')
accepts '^  all ' "$input" "${mixed[@]}" --ranks "$ranks" --json plan.json
# shellcheck disable=SC2086
$launcher "$ranks" "$program" run "$input" "${mixed[@]}" --set output.directory="$PWD/out" >run.txt
takes_what_was_planned

# Eigenvectors. One rank alone touches half of what it must have to work with.
if [ "$ranks" != 1 ]; then
  vectors=(--set synthetic.train=2500 --set synthetic.test=100 --set 'noise_path=[0.1]' --set 'quantities=[ntk_gp]')
  accepts '^  eigenvectors ' "$input" "${vectors[@]}" --ranks "$ranks" --json plan.json
  # shellcheck disable=SC2086
  $launcher "$ranks" "$program" run "$input" "${vectors[@]}" --set output.directory="$PWD/out" >run.txt
  takes_what_was_planned 0.05
fi

# From bench to plan.
if [ "$ranks" = 2 ]; then
  # shellcheck disable=SC2086
  $launcher "$ranks" "$program" bench --calibrate --json calibration.json >out.txt 2>err.txt || fail 'bench --calibrate'
  accepts "rates  *of $ranks rank" "$input" --calibration calibration.json
fi
[ "$ranks" = 1 ] || exit 0 # the rest is the same everywhere

# Efficiency of more nodes: node seconds of the smallest that fits over theirs. And each engine's time is that of its own plan.
for engine in scalapack lookahead; do
  accepts '^  all ' "$input" --train 60000 --nodes 2 --cores-per-node 64 --memory-per-node 256G --set engine=$engine --json $engine.json
done
"$check_summary" scalapack.json smallest_nodes 1 0 curve.0.efficiency 1 0 \
  curve.1.efficiency*curve.1.nodes*curve.1.seconds.wall/curve.0.seconds.wall 1 1e-5 \
  curve.2.efficiency*curve.2.nodes*curve.2.seconds.wall/curve.0.seconds.wall 1 1e-5 \
  plan.seconds_by_engine.scalapack/plan.seconds.wall 1 1e-5 || fail 'the efficiency of scalapack.json'
other=$(sed -n '/"seconds_by_engine"/,/}/p' scalapack.json | number lookahead /dev/stdin)
"$check_summary" lookahead.json plan.seconds_by_engine.lookahead/plan.seconds.wall 1 1e-5 \
  plan.seconds.wall "$other" "$(awk -v s="$other" 'BEGIN { print 1e-5 * s }')" || fail "seconds of the engines: $other"

# Places and sizes.
nodes=(--cores-per-node 64 --memory-per-node 256G)
accepts 'ranks  *128 on 2 nodes, grid 8 x 16' "$input" --nodes 2 "${nodes[@]}"
accepts 'ranks  *16 on 2 nodes, grid 4 x 4' "$input" --nodes 2 "${nodes[@]}" --threads 8
accepts 'ranks  *100 on 2 nodes, grid 10 x 10' "$input" --ranks=100 "${nodes[@]}"
accepts 'smallest that fits: 3[0-9] nodes' "$input" --train 1000000 --test 1000 --dimension 64 "${nodes[@]}"
awk 'length > 80' out.txt | grep . && fail 'wider than 80 columns'
cat >nodata.yaml <<'END'
data: {train: {inputs: none.npy, targets: none.csv}, test: {inputs: none.npy}}
END
accepts 'data  *100000 training points, 10 test points, dimension 3, 2 outputs' nodata.yaml --train 100000 --test 10 \
  --dimension 3 --outputs 2 "${nodes[@]}"
refuses 'none.npy' nodata.yaml --train 100000 --test 10 "${nodes[@]}"

# Draws of functions need no m x m matrix.
accepts '^  all .*fits' "$input" --set synthetic.train=1000 --set synthetic.test=60000 --set precision=mixed --ranks 1 \
  --set sampling.rnd=16 --set 'quantities=[ensemble, rnd]' --memory-per-node 64G
! grep -q 'TOO MANY' out.txt || fail 'draws of functions are refused for a matrix that nobody makes'

# What does not fit.
refuses 'a node needs .* of 256 GiB; use 3[0-9] node' "$input" --train 1000000 --nodes 2 "${nodes[@]}" --sbatch job.sbatch
refuses '32-bit local indices reach; use [0-9]+ node' "$input" --train 300000 --nodes 1 --cores-per-node 4 --memory-per-node 4T
refuses 'does not fit on 65536 nodes' "$input" --train 100000 --dimension 10000000 "${nodes[@]}"
[ ! -e job.sbatch ] || fail 'a job script for what does not fit'

# What is wrong.
refuses 'needs a configuration' --nodes 2
refuses 'nowhere.yaml' nowhere.yaml
refuses 'one configuration at a time' "$input" "$input"
refuses 'unknown option --node, did you mean --nodes[?] ' "$input" --node 2
refuses '--ranks needs a whole number' "$input" --ranks 0
refuses '--ranks needs a whole number' "$input" --ranks many
refuses '--ranks needs a value' "$input" --ranks
refuses '--ranks and --nodes' "$input" --ranks 2 --nodes 2
refuses '--memory-per-node needs memory with its unit' "$input" --memory-per-node 256
refuses '--memory-per-node needs memory with its unit' "$input" --memory-per-node -1G
refuses '--threads 8 is more' "$input" --threads 8 --cores-per-node 4
refuses 'network.depht' "$input" --set network.depht=3
refuses '--assume' "$input" --assume speed=1
refuses 'copy_gbytes is 0' "$input" --assume copy_gbytes=0
refuses 'grid.rows' "$input" --set grid.rows=5 --ranks 4
echo '{"kind": "other"}' >other.json
refuses 'not a calibration' "$input" --calibration other.json
echo '{' >other.json
refuses 'not JSON' "$input" --calibration other.json
echo '{"kind": "widelimit calibration", "speeds": {"gemm_gflops": -1}}' >other.json
refuses 'gemm_gflops' "$input" --calibration other.json
status=0
plan "$input" --calibration missing.json || status=$?
[ $status = 5 ] || fail "a missing calibration ends with $status"
status=0
: >file.txt
plan "$input" --json file.txt/plan.json || status=$?
[ $status = 5 ] || fail "a plan that cannot be written ends with $status"

# A slower network takes longer, and is to blame.
accepts 'waits for' "$input" --train 20000 --nodes 8 "${nodes[@]}" --json fast.json
accepts 'waits for' "$input" --train 20000 --nodes 8 "${nodes[@]}" --assume network_gbytes=0.01 --json slow.json
grep -q '"limit": "bandwidth"' slow.json || fail 'a network of 10 MB/s is not what limits it'

# Job scripts.
for checkpoint in '' 'checkpoint.directory=ck'; do
  rm -f job.sbatch
  accepts '^  sbatch job.sbatch' "$input" --set "name=it's" ${checkpoint:+--set "$checkpoint"} --nodes 2 "${nodes[@]}" \
    --sbatch job.sbatch
  bash -n job.sbatch
  for line in --nodes=2 --ntasks=128 --ntasks-per-node=64 --cpus-per-task=1 '--mem=[0-9]*M' '--time=[0-9]*-[0-9:]*'; do
    grep -q "^#SBATCH $line$" job.sbatch || fail "job.sbatch lacks $line"
  done
  if command -v shellcheck >/dev/null; then shellcheck job.sbatch; fi
  mkdir -p elsewhere # the program and the configuration are found from any folder
  read -r started _ named _ < <(cd elsewhere && WIDELIMIT_LAUNCH='echo' bash ../job.sbatch)
  if ! [ -x "$started" ] || ! [ -f "$named" ]; then
    fail "from another folder, job.sbatch starts '$started' on '$named'"
  fi
  threads=$(sed -n 's/^#SBATCH --cpus-per-task=//p' job.sbatch)
  given=$(cd elsewhere && env -u SRUN_CPUS_PER_TASK WIDELIMIT_LAUNCH=printenv WIDELIMIT=SRUN_CPUS_PER_TASK \
    bash ../job.sbatch 2>/dev/null) || true # printenv does not know the arguments of the run
  [ "$given" = "$threads" ] || fail "job.sbatch gives its steps '$given' cores a rank, not $threads"
  ! grep -Ewq 'apt|apt-get|pip|sudo|install' job.sbatch || fail 'job.sbatch installs something'
done
grep -q -- '--signal=B:USR1@' job.sbatch || fail 'a job with checkpoints wants a signal'

# Files that are there stay as they are.
cp job.sbatch before.txt
status=0
plan "$input" --nodes 2 "${nodes[@]}" --sbatch job.sbatch || status=$?
[ $status = 5 ] || fail "a job script over another ends with $status"
grep -q 'job.sbatch exists' err.txt || fail 'does not say that the job script exists'
cmp before.txt job.sbatch
cp "$input" own.yaml
refuses '--json ./own.yaml' own.yaml --json ./own.yaml
cmp "$input" own.yaml
[ -z "$(find . -name '*.part')" ] || fail 'a part of a plan was left'

# The signal comes early enough for a checkpoint, and late enough for some work.
# With draws a checkpoint has two factors: it is longer than the shortest notice at a quarter of the points.
while read -r train draws; do
  rm -f job.sbatch
  accepts '^  sbatch job.sbatch' "$input" --train "$train" --nodes 256 "${nodes[@]}" --set checkpoint.directory=ck \
    ${draws:+--set "$draws"} --sbatch job.sbatch
  notice=$(sed -n 's/^#SBATCH --signal=B:USR1@//p' job.sbatch)
  time=$(sed -n 's/^#SBATCH --time=//p' job.sbatch | awk -F '[-:]' '{ print (($1 * 24 + $2) * 60 + $3) * 60 + $4 }')
  ((notice > 300 && 2 * notice < time)) || fail "told $notice s before the end of $time s"
  if awk 'length > 80' out.txt | grep .; then fail 'wider than 80 columns'; fi
done <<'END'
524288
131072 sampling.ensemble=2
END
