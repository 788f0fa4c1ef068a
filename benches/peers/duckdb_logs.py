#!/usr/bin/env python3
"""bks beside DuckDB, reading the same fields of the same access log on one thread.

    cargo build --release
    python3 benches/peers/duckdb_logs.py [--bks target/release/bks] [--megabytes 400] [--rounds 5]

DuckDB does not come with bks: `pip install duckdb` for the Python that runs this script.

Writes a log of lines as long as real ones (600 bytes), and reads from it time, bucket, requester,
operation, key, status and bytes sent:

- DuckDB by a regular expression over whole lines, or by `read_csv` with a space between fields,
  each summed up so that nothing is left out;
- bks's reader by itself (`cargo bench --bench logs -- file`), which reads a dozen fields more;
- `bks replay`, the whole command: reading, sorting, running every configuration, and its files;
- `wc -l`, which does nothing else than to look at every byte.

Prints medians of processor time, megabytes a second and how many times as long as bks's reader it
takes, round by round. The log is read once before, so that it lies in the system's cache.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

REGEX = (
    r'^\S+ (\S+) \[([^\]]+)\] \S+ (\S+) \S+ (\S+) (\S+) "[^"]*" (\S+) \S+ (\S+) '
)
NAMES = "['bucket', 'time', 'requester', 'operation', 'key', 'status', 'bytes']"
SUM = """
    SELECT count(*), sum(epoch(strptime(time, '{format}'))), sum(length(bucket)),
        sum(length(requester)), sum(length(operation)), sum(length(key)),
        sum(CAST(status AS INTEGER)), sum(TRY_CAST(bytes AS BIGINT))
    FROM ({rows})
"""
BY_REGEX = SUM.format(
    format="%d/%b/%Y:%H:%M:%S %z",
    rows=f"""
        SELECT unnest(regexp_extract(line, '{REGEX}', {NAMES})) FROM read_csv('{{path}}',
            columns = {{{{'line': 'VARCHAR'}}}}, delim = '\\x01', quote = '', escape = '',
            header = false)
    """,
)
FIELDS = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(28))
BY_SPACE = SUM.format(
    format="[%d/%b/%Y:%H:%M:%S",
    rows=f"""
        SELECT c1 AS bucket, c2 AS time, c5 AS requester, c7 AS operation, c8 AS key, c10 AS status,
            c12 AS bytes
        FROM read_csv('{{path}}', columns = {{{{{FIELDS}}}}}, delim = ' ', quote = '"',
            header = false, null_padding = true)
    """,
)


def write(path, megabytes):
    """A log like that of benches/logs.rs."""
    number = 0
    with path.open("w") as log:
        while log.tell() < megabytes * 1_000_000:
            for _ in range(10_000):
                mixed = (number + 1) * 0x9E3779B97F4A7C15 % 2**64
                chance = (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9 % 2**64
                second = number // 50 % 86_400
                part = f"day={chance % 30}/part-{chance % 100_000:05}-{chance:016x}.snappy.parquet"
                log.write(
                    "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be "
                    "amzn-s3-demo-bucket "
                    f"[20/Nov/2026:{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} "
                    f"+0000] 192.0.2.{chance % 250} "
                    f"arn:aws:sts::111122223333:assumed-role/etl-{chance % 20}/s-{chance % 400} "
                    f"{chance:016X} {'REST.GET.OBJECT' if chance % 16 else 'REST.PUT.OBJECT'} "
                    f'{part} "GET /amzn-s3-demo-bucket/{part} HTTP/1.1" 206 - '
                    f'{chance % 1_363_149} 1363149 6 5 "-" "Hadoop 3.3.2, aws-sdk-java/1.11.901 '
                    'Linux/6.1.0 OpenJDK_64-Bit_Server_VM/17.0.15+6 java/17.0.15" - '
                    f"{chance:016x}/wnPMc9sLPrcPwUF31TpCjyGC6Q= SigV4 "
                    "ECDHE-RSA-AES128-GCM-SHA256 AuthHeader "
                    "amzn-s3-demo-bucket.s3.us-east-1.amazonaws.com TLSv1.2 - - us-east-1\n"
                )
                number += 1
    return number


def clock():
    """Processor time of this process and of those that it has run, in seconds."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def measure(work):
    """The processor time of `work`."""
    before = clock()
    work()
    return clock() - before


def reader():
    """The benchmark's program."""
    command = ["cargo", "bench", "--locked", "--bench", "logs", "--no-run", "--message-format=json"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    built = [json.loads(line) for line in output.splitlines()]
    mine = (entry for entry in built if entry.get("target", {}).get("name") == "logs")
    return next(entry["executable"] for entry in mine)


def ways(arguments, path, lines):
    """What is measured, by name; bks's reader comes first."""
    import duckdb

    database = duckdb.connect()
    database.execute("SET threads = 1")

    def query(sql):
        row = database.execute(sql.format(path=path)).fetchone()
        assert row[0] == lines, row

    def run(*command):
        environment = os.environ | {"BKS_BENCH_LOG": str(path)}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, check=True, env=environment, **quiet)

    once = ["--bench", "file", "--sample-count", "1", "--sample-size", "1"]
    replay = ["replay", str(path), "--jobs", "1", "--quiet", "--replications", "1"]
    replay += ["--out", str(path.parent / "out")]
    program = reader()
    return {
        "bks, its reader alone": lambda: run(program, *once),
        "bks replay, the whole command": lambda: run(arguments.bks, *replay),
        f"DuckDB {duckdb.__version__}, regular expression": lambda: query(BY_REGEX),
        f"DuckDB {duckdb.__version__}, fields apart by spaces": lambda: query(BY_SPACE),
        "wc -l": lambda: run("wc", "-l", str(path)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bks", default=str(ROOT / "target" / "release" / "bks"))
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        lines = write(path, arguments.megabytes)
        size = os.path.getsize(path) / 1e6
        path.read_bytes()
        works = ways(arguments, path, lines)
        cpus = {name: [] for name in works}
        for _ in range(arguments.rounds):
            for name, work in works.items():
                cpus[name].append(measure(work))
        print(f"{lines} lines, {size:.0f} MB\n")
        print("| what | processor time | a second | times bks's reader |")
        print("|---|---:|---:|---:|")
        ours = cpus["bks, its reader alone"]
        for name, all_cpus in cpus.items():
            cpu = statistics.median(all_cpus)
            ratio = statistics.median(b / a for a, b in zip(ours, all_cpus))
            print(f"| {name} | {cpu:.2f} s | {size / cpu:,.0f} MB | {ratio:.1f} |")


if __name__ == "__main__":
    main()
