# shellcheck shell=bash
# A private Slurm of four virtual nodes on this machine: start_cluster FOLDER, stop_cluster. Sourced by slurm.sh.

# free_port FROM: the first of five ports in a row that nobody listens on.
free_port() {
  local port=$1 used
  used=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" {split($2, a, ":"); print a[2]}')
  while grep -qixE "$(printf '%04x|%04x|%04x|%04x|%04x' "$port" $((port + 1)) $((port + 2)) $((port + 3)) $((port + 4)))" <<<"$used"; do
    port=$((port + 5))
  done
  echo "$port"
}

write_conf() {
  local folder=$1 port=$2 user
  user=$(id -un)
  cat >"$folder/slurm.conf" <<END
ClusterName=private
SlurmctldHost=localhost
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=20
MessageTimeout=60
SlurmdTimeout=600
BatchStartTimeout=120
SchedulerParameters=sched_interval=2,batch_sched_delay=0
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
NodeName=n[1-4] NodeHostname=localhost NodeAddr=127.0.0.1 Port=$((port + 1))-$((port + 4)) CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=all Nodes=n[1-4] Default=YES MaxTime=INFINITE State=UP
END
}

# One try: status 1 unless four nodes are idle within a minute.
try_cluster() {
  local node
  rm -rf "$cluster"
  mkdir -p "$cluster/state"
  write_conf "$cluster" "$(free_port $((20000 + RANDOM % 10000)))"
  slurmctld -f "$SLURM_CONF" || return 1
  for node in n1 n2 n3 n4; do
    mkdir -p "$cluster/spool-$node"
    slurmd -N "$node" -f "$SLURM_CONF" || return 1
  done
  for _ in $(seq 120); do
    [ "$(timeout 10 sinfo -h -N -t idle 2>/dev/null | wc -l)" = 4 ] && return 0
    sleep 0.5
  done
  return 1
}

# Three tries, in FOLDER; what an earlier test left there is stopped first.
start_cluster() {
  cluster=$1
  export SLURM_CONF=$cluster/slurm.conf
  for _ in 1 2 3; do
    stop_cluster
    try_cluster && return 0
    tail -n 20 "$cluster"/*.log
  done
  return 1
}

# The daemons of this cluster, by their pid files.
cluster_pids() {
  local file pid
  for file in "$cluster"/slurmctld.pid "$cluster"/slurmd-*.pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -e "-f $SLURM_CONF" && echo "$pid"
  done
}

# What its jobs started, by the mark that slurm.sh gives them.
job_pids() {
  local file
  for file in /proc/[0-9]*/environ; do
    grep -qszxF "TEST_CLUSTER=$cluster" "$file" && basename "$(dirname "$file")"
  done
}

# await_end SECONDS PIDS-COMMAND: status 1 where some are left after that.
await_end() {
  for _ in $(seq $((4 * $1))); do
    [ -z "$($2)" ] && return 0
    sleep 0.25
  done
  return 1
}

queue() { timeout 10 squeue -h 2>/dev/null; }

# By process number, of this cluster alone; what does not go gently is killed.
stop_cluster() {
  [ -f "$cluster/slurm.conf" ] || return 0
  if [ -n "$(cluster_pids)" ]; then
    timeout 10 scancel --user="$(id -un)" 2>/dev/null
    await_end 30 queue
  fi
  # shellcheck disable=SC2046 # process numbers
  kill $(cluster_pids) 2>/dev/null
  await_end 10 cluster_pids
  # shellcheck disable=SC2046
  kill -9 $(cluster_pids) $(job_pids) 2>/dev/null
  return 0
}
