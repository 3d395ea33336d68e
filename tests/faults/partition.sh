#!/usr/bin/env bash
# partition.sh PROGRAM LAUNCHER RANKS COMPARE HOLD: two virtual nodes, network namespaces joined by a cable, which is pulled in
# mid-run: mpirun ends with one message and a status, nothing is left running on either node, and the run goes on when
# the cable is back. Status 77 (skipped) where namespaces are not allowed, and with another MPI. In a folder of its own.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
PATH=$PATH:/usr/sbin:/sbin
near=wl-near-$$ far=wl-far-$$ network=10.213.77 # seen in the namespaces alone

# shellcheck disable=SC2317 # called when this script ends
cleanup() {
  local name
  for name in "$near" "$far"; do
    # shellcheck disable=SC2046 # process numbers
    kill -9 $(ip netns pids "$name") 2>/dev/null
    ip netns del "$name" 2>/dev/null
  done
}
trap cleanup EXIT
trap 'exit 1' TERM INT HUP

# The settings that are tried, and that doc/operations.md has, are Open MPI's.
if ! grep -qE 'OpenRTE|Open MPI' <<<"$(${launcher%% *} --version 2>&1)"; then
  echo "skipped: ${launcher%% *} is not Open MPI's"
  exit 77
fi

make_nodes() {
  ip netns add "$near" && ip netns add "$far" &&
    ip link add cable netns "$near" type veth peer name cable netns "$far" &&
    ip -n "$near" address add $network.1/24 dev cable && ip -n "$far" address add $network.2/24 dev cable &&
    ip -n "$near" link set lo up && ip -n "$far" link set lo up &&
    ip -n "$near" link set cable up && ip -n "$far" link set cable up &&
    ip netns exec "$near" unshare --uts hostname wl-near
}
if ! make_nodes >log 2>&1; then
  echo "skipped: no network namespaces here: $(tail -n 1 log)"
  exit 77
fi

# What mpirun takes for ssh: HOST COMMAND...
cat >agent.sh <<END
#!/usr/bin/env bash
shift
exec ip netns exec $far unshare --uts bash -c 'hostname wl-far; exec bash -c "\$*"' agent "\$@"
END
chmod +x agent.sh
# The launcher on both nodes, one rank each (RANKS is ignored): daemons notice a silent neighbour after 5 + 3 · 1 s, not after
# Open MPI's 300 + 9 · 20; the ranks talk over the cable alone. doc/operations.md has these settings.
cat >launch.sh <<END
#!/usr/bin/env bash
shift
exec ip netns exec $near unshare --uts bash -c 'hostname wl-near; exec "\$@"' launch \\
  ${launcher%% *} --mca plm_rsh_agent "$PWD/agent.sh" --mca plm rsh --mca btl tcp,self \\
  --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3 \\
  -x OPENBLAS_NUM_THREADS \\
  --host $network.1:1,$network.2:1 -n 2 "\$@"
END
chmod +x launch.sh
launcher=./launch.sh ranks=2
make_case

left_on() { ip netns pids "$1" 2>/dev/null; }

# nobody_left NODE: half a minute for the daemon there to notice, and to end what it started.
nobody_left() {
  for _ in $(seq 300); do
    [ -n "$(left_on "$1")" ] || return 0
    sleep 0.1
  done
  # shellcheck disable=SC2046 # process numbers
  failed "left on $1: $(ps -o pid=,stat=,args= -p $(left_on "$1" | paste -sd,))"
  # shellcheck disable=SC2046
  kill -9 $(left_on "$1")
}

# pull PHASE PLACE
pull() {
  fresh
  begin_held 0 "$2" run case.yaml
  ip -n "$far" link set cable down
  release
  finish
  [ "$status" != 0 ] || failed "cut off in $1: exit status 0"
  # Where the far daemon notices first and ends, mpirun only sees that: "unable to reliably start one or more daemons".
  grep -Eq 'lost communication|no longer|unreachable|failed|unable to reliably start' log || failed "cut off in $1: no message"
  [ ! -e out/results.h5 ] || failed "cut off in $1: there are results"
  nobody_left "$near"
  nobody_left "$far"
  ip -n "$far" link set cable up
  cp log "log.${2%:*}"
  go_on "cut off in $1"
}

pull 'the factorization' pdsyrk_:5
pull 'the writing of a checkpoint' rename:2
pull 'the prediction' pdgemm_:1
exit $((failures > 0))
