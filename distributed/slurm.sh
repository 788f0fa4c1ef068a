#!/bin/sh
# Replays a generated log as a job array of Slurm, kills a task half-way, and compares with one process, byte for byte.
#
#   distributed/slurm.sh BKS [LINES]
#
# Slurm on one node, of a configuration of its own (Debian's slurm-wlm and munge, as root). Without them it says so and ends
# with 0.
set -eu

bks=$(realpath "$1")
lines=${2:-400000}
here=$(dirname "$(realpath "$0")")

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "slurm.sh: skipped, there is no slurm-wlm or no munge, or this is not root" >&2
    exit 0
fi
work=$(mktemp -d)
chmod 755 "$work"
started=
finish() {
    for process in $started; do kill "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT INT TERM

mkdir "$work/munge" "$work/state" "$work/spool"
chmod 711 "$work/munge"
head -c 1024 /dev/urandom >"$work/munge/key"
chmod 400 "$work/munge/key"
munged --foreground --force --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" &
started="$started $!"
host=$(hostname -s)
cat >"$work/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CryptoType=crypto/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES State=UP
CONF
export SLURM_CONF="$work/slurm.conf"
sleep 1
slurmctld -D >"$work/slurmctld.out" 2>&1 &
started="$started $!"
slurmd -D -f "$SLURM_CONF" >"$work/slurmd.out" 2>&1 &
started="$started $!"
for _ in $(seq 100); do
    if sinfo --noheader --format=%t 2>/dev/null | grep -q idle; then break; fi
    sleep 0.2
done

cd "$work"
mkdir logs parts
for task in 1 2 3 4; do mkdir "logs/$task"; done
awk -v lines="$lines" -v seed=1 -f "$here/log.awk" |
    awk '{ folder = 1 + substr($2, 8) % 4; print > ("logs/" folder "/" $2 ".log") }'
window="--from 2026-10-01 --to 2026-10-02"
# shellcheck disable=SC2086
"$bks" replay logs/1 logs/2 logs/3 logs/4 $window --quiet --out whole

cat >part.sh <<PART
#!/bin/sh
cd $work
exec $bks replay "logs/\$SLURM_ARRAY_TASK_ID" $window --shard auto --quiet --partial "parts/\$SLURM_ARRAY_TASK_ID.tsv"
PART
job=$(sbatch --parsable --requeue --array=1-4 --output="$work/task-%a.log" part.sh)
for _ in $(seq 300); do
    if pgrep -f "$bks replay logs/" >/dev/null; then break; fi
    sleep 0.1
done
# Half-way a task is taken off its node, and run again.
scontrol requeue "${job}_1" && echo "slurm.sh: a task was killed, and runs again" >&2
while squeue --noheader | grep -q .; do sleep 0.5; done
cat task-*.log >&2
"$bks" merge parts/*.tsv --quiet --out slurm
diff -r whole slurm
echo "slurm.sh: the job array's results have the bytes of one process's" >&2
