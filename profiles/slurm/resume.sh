#!/usr/bin/env bash
# Go on with a run on Slurm that was killed: cancels the jobs that it left on the cluster, unlocks the folder, and runs again.
# Where the run was started: bash profiles/slurm/resume.sh [options of snakemake, --directory among them]
set -euo pipefail

stop() {
    echo "resume.sh: $1; nothing was unlocked or started" >&2
    exit 1
}

folder=. previous=
for word in "$@"; do
    case $previous in --directory | -d) folder=$word ;; esac
    case $word in --directory=*) folder=${word#*=} ;; esac
    previous=$word
done
[ -d "$folder/.snakemake/log" ] ||
    stop "$folder/.snakemake/log is not there, which names the run's jobs; name the run's folder with --directory"

# Jobs have the name of their run, and Snakemake's logs in the folder have the names of its runs.
names=$(grep --no-filename "SLURM run ID: " "$folder"/.snakemake/log/* | awk '{ printf " %s ", $NF }') || true
of_this_folder() {
    awk -v names="$names" 'index(names, " " $2 " ") { print $1 }' | sort -u
}

# Two jobs would compute the same. A scancel may fail, as when a job has just ended: what counts is what squeue lists next.
while true; do
    listed=$(squeue --me --noheader --format='%A %j' 2>&1) ||
        stop "squeue cannot tell which jobs are left (${listed%%$'\n'*}); try again when Slurm answers"
    jobs=$(of_this_folder <<<"$listed")
    [ -n "$jobs" ] || break
    [ "$SECONDS" -lt 300 ] || stop "after five minutes of scancel these jobs are left: ${jobs//$'\n'/ }"
    # shellcheck disable=SC2086
    scancel $jobs || true
    sleep 1
done
snakemake --unlock "$@"
exec snakemake --workflow-profile profiles/slurm "$@"
