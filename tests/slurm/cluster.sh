#!/usr/bin/env bash
# A Slurm of one node on this machine, for the tests: munged, slurmctld and slurmd, without systemd, cgroups and accounting.
#   cluster.sh start FOLDER    installs what is missing (root, Debian's packages), starts what is not running, waits for the node
#   cluster.sh stop FOLDER     cancels the jobs, and stops exactly what start started
# Ends with 3 where there can be no such Slurm: the tests are then skipped, and say so.
set -euo pipefail

command=$1
folder=$(realpath -m "$2")
mark="# written by scalestream's tests"
configuration=/etc/slurm/slurm.conf # slurm-jobstep strips SLURM_CONF from a job's environment, so it must be this one

# A daemon is ours, and running, when its pid file names a process of its name.
running() {
    [ -s "$folder/$1.pid" ] && [ "$(cat "/proc/$(cat "$folder/$1.pid")/comm" 2>/dev/null)" = "$1" ]
}

install_packages() {
    if ! command -v slurmctld slurmd munged >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        if ! { apt-get update -qq && apt-get install -qq --no-install-recommends slurm-wlm munge >/dev/null; }; then
            echo "Debian's packages slurm-wlm and munge could not be installed" >&2
            exit 3
        fi
    fi
}

configure() {
    if [ -e $configuration ] && [ "$(head -n 1 $configuration)" != "$mark" ]; then
        echo "this machine has a Slurm of its own ($configuration); the tests leave it alone" >&2
        exit 3
    fi
    mkdir -p "$folder"/{state,spool} /etc/slurm
    local host memory
    host=$(uname -n | cut -d. -f1)
    memory=$(awk '/MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo)
    # Four CPUs whatever there are, so that jobs of four threads fit; jobs that cannot run are refused at once.
    # Finished jobs stay in squeue for an hour, where the executor looks for them. The GPUs are stand-ins: a job gets one, and finds that it does not work.
    cat >$configuration <<CONF
$mark
ClusterName=scalestream
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=5,bf_interval=5
SlurmdParameters=config_overrides
ReturnToService=2
EnforcePartLimits=ALL
MinJobAge=3600
KillWait=5
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=$memory Gres=gpu:4
PartitionName=test Nodes=ALL Default=YES MaxTime=1-00:00:00
CONF
    printf '%s\n' "$mark" "Name=gpu File=/dev/null" "Name=gpu File=/dev/zero" "Name=gpu File=/dev/full" "Name=gpu File=/dev/random" \
        >/etc/slurm/gres.conf
}

start() {
    install_packages
    configure
    if ! running munged; then
        (umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
        munged --force --key-file="$folder/munge.key" --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
            --seed-file="$folder/munged.seed" --socket="$folder/munge.socket"
    fi
    running slurmctld || slurmctld
    running slurmd || slurmd
    for _ in $(seq 100); do
        [ "$(sinfo --noheader --Format=StateCompact 2>/dev/null | tr -d ' ')" = idle ] && return
        sleep 0.3
    done
    echo "the node of the tests' Slurm did not become idle:" >&2
    tail -n 20 "$folder"/*.log >&2
    exit 1
}

stop() {
    if running slurmctld; then
        timeout 20 scancel --user="$(id -un)" || true
        for _ in $(seq 50); do
            [ -z "$(timeout 5 squeue --noheader --states=running,completing 2>/dev/null)" ] && break
            sleep 0.2
        done
    fi
    for daemon in slurmd slurmctld munged; do
        running $daemon || continue
        local pid
        pid=$(cat "$folder/$daemon.pid")
        kill "$pid"
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
    if [ "$(head -n 1 $configuration 2>/dev/null)" = "$mark" ]; then
        rm -f $configuration /etc/slurm/gres.conf
    fi
}

"$command"
