"""The reference workload of reads as a SimPy model: 1,000 requesters that read by Poisson arrivals
objects of exponential age over 30 days of five-minute keys, and keep each key for 300 s.

    python3 simpy_model.py REQUESTS

Prints requests, misses and seconds of wall time. Every requester is a process that waits for its
next request; keys are looked up in a dictionary. Ages are drawn from what lies in the last 30 days,
times and keys as bks's scenario has them.
"""

import math
import random
import sys
import time

import simpy

REQUESTERS = 1_000
RATE_PER_S = 2_222 / REQUESTERS
MEAN_AGE_S = 5 * 86_400
KEY_S = 300
KEYS = 8_640
LIFETIME_S = 300


class Counts:
    def __init__(self):
        self.requests = 0
        self.misses = 0


def requester(environment, rng, counts):
    expires = {}
    within = 1 - math.exp(-KEYS * KEY_S / MEAN_AGE_S)
    while True:
        yield environment.timeout(rng.expovariate(RATE_PER_S))
        age = -MEAN_AGE_S * math.log1p(-rng.random() * within)
        key = int(age / KEY_S)
        counts.requests += 1
        if environment.now >= expires.get(key, 0.0):
            counts.misses += 1
            expires[key] = environment.now + LIFETIME_S


def main():
    wanted = int(sys.argv[1])
    counts = Counts()
    environment = simpy.Environment()
    for number in range(REQUESTERS):
        environment.process(requester(environment, random.Random(number), counts))
    start = time.perf_counter()
    environment.run(until=wanted / (REQUESTERS * RATE_PER_S))
    print(counts.requests, counts.misses, f"{time.perf_counter() - start:.6f}")


if __name__ == "__main__":
    main()
