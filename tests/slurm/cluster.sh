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

start_cluster() {
  cluster=$1
  mkdir -p "$cluster/state"
  write_conf "$cluster" "$(free_port $((20000 + RANDOM % 10000)))"
  export SLURM_CONF=$cluster/slurm.conf
  slurmctld -f "$SLURM_CONF" || return 1
  for node in n1 n2 n3 n4; do
    mkdir -p "$cluster/spool-$node"
    slurmd -N "$node" -f "$SLURM_CONF" || return 1
  done
  for _ in $(seq 60); do
    [ "$(sinfo -h -N -t idle 2>/dev/null | wc -l)" = 4 ] && return 0
    sleep 0.5
  done
  return 1
}

# By the pid files of this cluster alone; what does not go gently is killed.
stop_cluster() {
  local file pid
  [ -n "${cluster-}" ] || return 0
  scancel --user="$(id -un)" 2>/dev/null
  sleep 1
  for file in "$cluster"/slurmd-*.pid "$cluster"/slurmctld.pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null
    for _ in $(seq 40); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.25
    done
    kill -9 "$pid" 2>/dev/null
  done
  cluster=
}
