#!/usr/bin/env bash
# Go on with a run on Slurm that was killed: cancels the jobs that it left on the cluster, unlocks the folder, and runs again.
# In the run's folder: bash profiles/slurm/resume.sh [options of snakemake]
set -euo pipefail

stop() {
    echo "resume.sh: $1; nothing was unlocked or started" >&2
    exit 1
}

# The run's jobs, of those that squeue has listed.
of_this_folder() {
    awk -v here="$(pwd -P)" '$2 ~ /^scalestream_/ {
        job = $1
        sub(/^ *[^ ]+ +[^ ]+ /, "")
        sub(/ +$/, "")
        if ($0 == here) print job
    }' | sort -u
}

# Two jobs would compute the same. A scancel may fail, as when a job has just ended: what counts is what squeue lists next.
while true; do
    listed=$(squeue --me --noheader --format='%A %j %Z' 2>&1) ||
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
