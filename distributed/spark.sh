#!/bin/sh
# Replays a generated log on Spark by SQL, kills a worker half-way, and compares with one process, byte for byte.
#
#   distributed/spark.sh BKS [LINES]
#
# Spark standalone with a master and two workers on the loopback. Needs a JDK (Debian's openjdk-17-jre-headless), python3, and
# pyspark, of PYTHON (python3 if that is not set). Without them it says so and ends with 0.
set -eu

bks=$(realpath "$1")
lines=${2:-400000}
here=$(dirname "$(realpath "$0")")
python=${PYTHON:-python3}

if ! command -v java >/dev/null || ! "$python" -c 'import pyspark' 2>/dev/null; then
    echo "spark.sh: skipped, there is no java or no pyspark" >&2
    exit 0
fi
SPARK_HOME=$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON="$python"
work=$(mktemp -d)
started=
finish() {
    for process in $started; do kill "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT INT TERM
export SPARK_WORKER_DIR="$work/workers" SPARK_LOG_DIR="$work/logs"

port=17077
class() { "$SPARK_HOME/bin/spark-class" "org.apache.spark.deploy.$@"; }
class master.Master --host 127.0.0.1 --port $port --webui-port 0 >"$work/master.log" 2>&1 &
started="$started $!"
for worker in 1 2; do
    class worker.Worker "spark://127.0.0.1:$port" --cores 1 --memory 1g --host 127.0.0.1 --webui-port 0 \
        >"$work/worker-$worker.log" 2>&1 &
    started="$started $!"
    eval "worker_$worker=$!"
done

mkdir "$work/log"
awk -v lines="$lines" -v seed=1 -f "$here/log.awk" >"$work/log/1.log"
window="--from 2026-10-01 --to 2026-10-02"
cd "$work"
# shellcheck disable=SC2086
"$bks" replay - $window --quiet --out whole <log/1.log

cat >job.py <<'PY'
import sys
from pyspark.sql import SparkSession

bks, window, log, out = sys.argv[1:]
spark = SparkSession.builder.getOrCreate()
spark.read.text(log).createOrReplaceTempView("logs")
sums = spark.sql(rf"""
    SELECT concat_ws('\t', configuration, arm, replication, what, place, CAST(sum(CAST(n AS BIGINT)) AS STRING)) FROM (
      SELECT TRANSFORM(value)
        USING '{bks} replay - --log-format s3-access-log {window} --quiet --partial -'
        AS (configuration STRING, arm STRING, replication STRING, what STRING, place STRING, n STRING)
        ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t'
      FROM (SELECT value FROM logs DISTRIBUTE BY split(value, ' ')[1]))
    GROUP BY configuration, arm, replication, what, place""")
sums.write.text(out)
PY
"$SPARK_HOME/bin/spark-submit" --master "spark://127.0.0.1:$port" --conf spark.sql.shuffle.partitions=6 \
    --conf spark.sql.adaptive.enabled=false --conf spark.ui.enabled=false --executor-memory 800m \
    job.py "$bks" "$window" "$work/log" "$work/sums" >job.log 2>&1 &
job=$!
started="$started $job"
# Half-way: when bks runs on a worker.
for _ in $(seq 600); do
    if pgrep -f "$bks replay - --log-format" >/dev/null; then break; fi
    if ! kill -0 $job 2>/dev/null; then break; fi
    sleep 0.2
done
# shellcheck disable=SC2154
kill -9 "$worker_1" && echo "spark.sh: a worker was killed" >&2
if ! wait $job; then
    tail -n 40 job.log >&2
    exit 1
fi
cat sums/part-* | "$bks" merge - --quiet --out spark

# Standard input has a hash for each part; nothing else is another.
diff -r -x run.toml -x result.json whole spark
for folder in whole spark; do grep -v '"run.toml"' $folder/result.json >$folder.json; done
diff whole.json spark.json
echo "spark.sh: Spark's results have the bytes of one process's" >&2
