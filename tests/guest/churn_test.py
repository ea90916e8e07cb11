#!/usr/bin/env python3
"""A guest whose code changes for ever (bare/endless_code.cpp): once paemu's caches have been full it grows no more.

usage: churn_test.py BUILD_FOLDER [CACHE]...
CACHE is the size for -jit-cache, as 16M, or "default".
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))
import drive  # noqa: E402

# Beside the host code and the decoded code: the program, the guest's 6 MiB, and what is kept of each block.
MOST_BESIDE, MOST_A_BYTE = 48 << 20, 1.0
MOST_GROWTH = 1.02, 4 << 20  # the host joins pages to huge ones of 2 MiB when it likes


def size_of(text):
    number, unit = re.match(r"([\d.]+)([KMG]?)", text).groups()
    return int(float(number) * {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[unit])


def flushes(machine):
    """-> (how often a cache was full, the bytes that both may take)"""
    text = machine.monitor("info jit 0")
    full = int(re.search(r"flushes +\d+ \((\d+)", text)[1])
    return full, size_of(re.search(r"cache size +(\S+)", text)[1]) + size_of(re.search(r"decoded code .* of (\S+)", text)[1])


def watch(build, cache):
    options = [] if cache == "default" else ["-jit-cache", cache]
    with drive.Paemu(build, "-bios", f"{build}/tests/guest/bare/endless_code.bin", "-m", "64M", "-pace", "off", *options,
                     bundled=False, timeout=200) as machine:
        sizes = []
        rounds = 0
        for wanted_rounds, wanted in ((2, 2), (6, 4)):  # in its first round the guest touches its memory
            while rounds < wanted_rounds or flushes(machine)[0] < wanted:
                machine.expect(r"round \d+\n|.* cases, ")
                if "cases" in machine.output:
                    sys.exit(f"churn_test: a function went wrong with a cache of {cache}:\n{machine.output[-500:]}")
                rounds += 1
            sizes.append(drive.resident_kib(machine.process.pid) << 10)
        bound = flushes(machine)[1]
        print(f"churn_test: a cache of {cache}: {sizes[0] >> 10} KiB resident, {sizes[1] >> 10} later; the caches may take {bound >> 10}")
        if sizes[1] > sizes[0] * MOST_GROWTH[0] + MOST_GROWTH[1]:
            sys.exit("churn_test: it grows")
        if sizes[1] > bound * (1 + MOST_A_BYTE) + MOST_BESIDE:
            sys.exit("churn_test: that is more than the caches explain")


def main():
    build = os.path.abspath(sys.argv[1])
    for cache in sys.argv[2:] or ["default"]:
        watch(build, cache)


if __name__ == "__main__":
    main()
