#!/usr/bin/env python3
"""bks beside other simulators, in one run on one machine.

    python3 benches/peers/run.py [--records N] [--rounds N] [--folder DIR]

Nothing of the peers comes with bks; whichever is not installed is left out with a notice.

- libCacheSim: give the folders of two builds, without and with `-DSUPPORT_TTL=ON`, and its source:
  LIBCACHESIM_SOURCE=.../libCacheSim LIBCACHESIM=.../build LIBCACHESIM_TTL=.../build-ttl
- SimPy: `pip install simpy` for the Python that runs this script.

Exports the reference workload of reads once, then runs everything in turn, round by round, so that
whatever else the machine does falls on all alike, and prints the medians of processor time and of
wall time for each request and their ratios. Misses must be equal where the policy is the same.
"""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REFERENCE = ROOT / "scenarios" / "reference-reads.toml"
LIFETIME_S = 300
COUNT, COUNT_FOREVER = "bks's count of look-ups", "bks's count, nothing expires"


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(command):
    """Standard output of `command`, its wall time and its processor time in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return output, wall, cpu


class Entry:
    """One row: what is run, and what came of it."""

    def __init__(self, name, command, read):
        self.name, self.command, self.read = name, command, read
        self.requests, self.misses = None, None
        self.walls, self.cpus = [], []

    def run(self):
        output, wall, cpu = measure(self.command)
        self.requests, self.misses, *own_time = self.read(output)
        if own_time:
            wall = cpu = own_time[0]
        self.walls.append(wall / self.requests)
        self.cpus.append(cpu / self.requests)

    def wall(self):
        return statistics.median(self.walls)

    def cpu(self):
        return statistics.median(self.cpus)


def three_numbers(output):
    """Requests and misses of what prints requests, misses, seconds."""
    requests, misses, _ = output.split()
    return int(requests), int(misses)


def of_simulate(output):
    rows = json.loads(output)["summary"]
    assumed = next(row for row in rows
                   if (row["configuration"], row["assumption"]) == ("bucket-key", "assumed"))
    return round(assumed["requests"]), round(assumed["decrypt"])


def of_benchmark(output):
    """Requests, no misses, and the median time of one run: the benchmark takes its own time."""
    times, items = output.split("bucket-key")[1].splitlines()[:2]
    value, unit = times.split("│")[2].split()
    seconds = float(value) * {"ms": 1e-3, "s": 1.0}[unit]
    per_second = float(items.split("│")[3].split()[0]) * 1e6
    return round(seconds * per_second), None, seconds


def of_cachesim(output):
    """The program prints the miss ratio to four digits, and leaves out the first second."""
    requests, ratio = re.search(r"(\d+) req, miss ratio ([\d.]+)", output).groups()
    return int(requests), round(int(requests) * float(ratio))


def build_bks():
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return str(Path(target) / "release" / "bks")


def build_lookups():
    """The bench that exports look-ups and counts their misses."""
    command = ["cargo", "bench", "--locked", "--bench", "lookups", "--no-run", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    return next(message["executable"] for message in messages
                if message.get("executable") and message["target"]["name"] == "lookups")


def compile_driver(folder, variable, name, flags):
    """The driver beside a build of libCacheSim; None if there is none."""
    source, build = os.environ.get("LIBCACHESIM_SOURCE"), os.environ.get(variable)
    if not source or not build:
        say(f"left out: libCacheSim {name} (LIBCACHESIM_SOURCE and {variable} name no folders)")
        return None
    glib = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "glib-2.0", "libzstd"],
        check=True, capture_output=True, text=True,
    ).stdout.split()
    binary = folder / f"libcachesim-{name}"
    libraries = sorted(str(path) for path in Path(build).rglob("*.a"))
    subprocess.run(
        ["cc", "-O3", "-DNDEBUG", "-w", *flags, f"-I{source}/libCacheSim/include",
         str(HERE / "libcachesim_ttl.c"), "-o", str(binary),
         "-Wl,--start-group", *libraries, "-Wl,--end-group", *glib, "-lm", "-lstdc++", "-lpthread"],
        check=True,
    )
    return str(binary)


# Logarithms of the first length of libCacheSim's hash table, without and with TTL. For the reference
# workload its times from 20 to 25 differ by no more than those of one length from run to run.
POWER, POWER_TTL = "24", "22"


def libcachesim_entries(folder, trace):
    plain = compile_driver(folder, "LIBCACHESIM", "plain", [])
    ttl = compile_driver(folder, "LIBCACHESIM_TTL", "ttl", ["-DSUPPORT_TTL=1"])
    # Larger than any trace: nothing is evicted.
    size = str(1 << 40)
    program = Path(os.environ.get("LIBCACHESIM", "")) / "bin" / "cachesim"
    if plain and program.exists():
        command = [str(program), trace, "oracleGeneral", "fifo", str(1 << 30),
                   "--print-head-req", "false", "--output", str(folder / "cachesim.txt")]
        yield Entry("libCacheSim's cachesim, FIFO without TTL", command, of_cachesim)
    if plain:
        command = [plain, trace, size, "0", POWER]
        yield Entry("libCacheSim, FIFO without TTL", command, three_numbers)
    if ttl:
        # It keeps an object to the end of second `fetched + TTL`, bks up to its beginning.
        command = [ttl, trace, size, str(LIFETIME_S - 1), POWER_TTL]
        yield Entry("libCacheSim, FIFO with TTL", command, three_numbers)


def simpy_entry():
    try:
        import simpy  # noqa: F401
    except ImportError:
        say("left out: SimPy (not installed for this Python)")
        return None
    command = [sys.executable, str(HERE / "simpy_model.py"), "1000000"]
    return Entry("SimPy", command, three_numbers)


def entries(bks, lookups, folder, trace):
    yield Entry(COUNT, [lookups, "count", trace, f"{LIFETIME_S}s"], three_numbers)
    yield Entry(COUNT_FOREVER, [lookups, "count", trace, "100000d"], three_numbers)
    simulate = [bks, "simulate", str(REFERENCE), "--out", str(folder / "out"),
                "--engine", "events", "--jobs", "1", "--format", "json", "--quiet"]
    yield Entry("bks simulate, one thread", simulate, of_simulate)
    benchmark = ["cargo", "bench", "--locked", "--bench", "engine", "--", "reads::bucket-key"]
    yield Entry("bks, its event engine alone", benchmark, of_benchmark)
    yield from libcachesim_entries(folder, trace)
    simpy = simpy_entry()
    if simpy:
        yield simpy


def check(rows):
    """Misses are equal where the policy is."""
    by_name = {row.name: row for row in rows}
    for ours, theirs in [
        (COUNT, "libCacheSim, FIFO with TTL"),
        (COUNT_FOREVER, "libCacheSim, FIFO without TTL"),
    ]:
        if theirs not in by_name:
            continue
        mine, other = by_name[ours], by_name[theirs]
        if (mine.requests, mine.misses) != (other.requests, other.misses):
            sys.exit(f"`{ours}` counts {mine.misses} misses, `{theirs}` {other.misses}")
        say(f"equal: `{ours}` and `{theirs}` count {mine.misses} misses of {mine.requests}")


def table(rows):
    print("| what | requests | misses | requests a second | wall, ns a request | processor, ns a request |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rows:
        misses = "–" if row.misses is None else f"{row.misses:,}"
        print(f"| {row.name} | {row.requests:,} | {misses} | {1 / row.wall() / 1e6:.2f} million "
              f"| {row.wall() * 1e9:.1f} | {row.cpu() * 1e9:.1f} |")
    print()
    by_name = {row.name: row for row in rows}
    print("| ratio | goal | wall | processor |")
    print("|---|---:|---:|---:|")
    for ours, theirs, goal in [
        (COUNT, "libCacheSim, FIFO with TTL", 40),
        (COUNT_FOREVER, "libCacheSim, FIFO without TTL", None),
        ("bks simulate, one thread", "libCacheSim, FIFO without TTL", None),
        ("bks, its event engine alone", "libCacheSim, FIFO without TTL", 10),
        ("bks, its event engine alone", "SimPy", 200),
    ]:
        if theirs in by_name:
            mine, other = by_name[ours], by_name[theirs]
            # Round by round, so that what slows both does not count.
            wall = statistics.median(b / a for a, b in zip(mine.walls, other.walls))
            cpu = statistics.median(b / a for a, b in zip(mine.cpus, other.cpus))
            print(f"| {ours} : {theirs} | {goal or '–'} | {wall:.1f} | {cpu:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--records", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the trace is written (24 bytes a record)")
    parser.add_argument("--bks", help="a bks that is built already")
    arguments = parser.parse_args()
    bks = arguments.bks or build_bks()
    lookups = build_lookups()
    folder = Path(tempfile.mkdtemp(prefix="bks-peers-", dir=arguments.folder))
    try:
        trace = str(folder / "reads.bin")
        subprocess.run([lookups, "export", str(REFERENCE), "bucket-key", str(arguments.records), trace],
                       check=True)
        rows = list(entries(bks, lookups, folder, trace))
        for number in range(arguments.rounds):
            say(f"round {number + 1} of {arguments.rounds}")
            for row in rows:
                row.run()
        check(rows)
        table(rows)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
