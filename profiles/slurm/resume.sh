#!/usr/bin/env bash
# Go on with a run on Slurm that was killed: cancels the jobs that it left on the cluster, unlocks the folder, and runs again.
# In the run's folder: bash profiles/slurm/resume.sh [options of snakemake]
set -euo pipefail

left() {
    local listed
    listed=$(squeue --me --noheader --format='%A %j %Z')
    awk -v here="$(pwd -P)" '$2 ~ /^scalestream_/ {
        job = $1
        sub(/^ *[^ ]+ +[^ ]+ /, "")
        sub(/ +$/, "")
        if ($0 == here) print job
    }' <<<"$listed" | sort -u
}

# Two jobs would compute the same.
while true; do
    jobs=$(left)
    [ -n "$jobs" ] || break
    # shellcheck disable=SC2086
    scancel $jobs
    sleep 1
done
snakemake --unlock "$@"
exec snakemake --workflow-profile profiles/slurm "$@"
