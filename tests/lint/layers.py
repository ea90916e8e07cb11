#!/usr/bin/env python3
"""Check who includes whom against tests/lint/layers.txt, and that nobody reaches past the seams.

usage: layers.py SOURCE_ROOT
Says each offence in one line and exits 1; exits 0 and says how much was read when there is none.
"""
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
SUFFIXES = (".cpp", ".hpp", ".h", ".inc", ".S")

# What only emu/host may touch (DESIGN.md, idea 4): the wall clock, randomness, threads and the network. emu/memory
# and emu/jit alone may also map memory: the guest's RAM, and translated code, where the host may fault.
BANNED_HEADERS = {
    "chrono", "random", "thread", "mutex", "condition_variable", "future", "atomic", "ctime", "time.h", "fstream", "iostream",
    "filesystem", "unistd.h", "fcntl.h", "poll.h", "signal.h", "csignal", "termios.h", "pthread.h", "sys/socket.h", "sys/time.h",
    "sys/stat.h", "sys/mman.h", "sys/un.h", "netinet/in.h", "cstdlib"}
ALLOWED_HEADERS = {
    "emu/memory": {"sys/mman.h"},
    "emu/jit": {"sys/mman.h", "signal.h"},
    "emu/app": {"cstdlib"},
    "emu/monitor": {"cstdlib"},
}
BANNED_CALLS = re.compile(
    r"\b(clock_gettime|gettimeofday|nanosleep|usleep|__rdtsc|rand|srand|getrandom|random_device|getenv|fork|popen)\s*\(")


def table(path):
    permitted = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.split("#")[0].strip()
            if line:
                folder, _, names = line.partition(":")
                permitted[folder] = names.split()
    return permitted


def sources(root, folder):
    for place, _, names in sorted(os.walk(os.path.join(root, folder))):
        for name in sorted(names):
            if name.endswith(SUFFIXES):
                yield os.path.relpath(os.path.join(place, name), root)


def check_file(root, path, folder, permitted):
    own = folder.split("/")[-1]
    hosted = folder.startswith("emu/") and folder != "emu/host"
    with open(os.path.join(root, path), encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}:{number}"
            found = INCLUDE.match(line)
            if found and found[1] == '"':
                target = found[2]
                top = target.split("/")[0]
                if top not in {own, "abi", "base", *permitted} and target not in permitted:
                    yield f"{where}: {folder} may not include {target}; see tests/lint/layers.txt"
            elif found and hosted and found[2] in BANNED_HEADERS - ALLOWED_HEADERS.get(folder, set()):
                yield f"{where}: <{found[2]}> is for emu/host only; ask through replay/host_interfaces.hpp or replay/input.hpp"
            elif hosted and BANNED_CALLS.search(line.split("//")[0]) and "std::" not in line and "." not in line.split("(")[0][-24:]:
                yield f"{where}: this call belongs in emu/host: {line.strip()}"


def main():
    root = sys.argv[1]
    permitted = table(os.path.join(root, "tests/lint/layers.txt"))
    count, offences = 0, []
    for folder, names in permitted.items():
        for path in sources(root, folder):
            count += 1
            offences += check_file(root, path, folder, names)
    for freestanding, may in (("abi", set()), ("base", {"base"})):
        for path in sources(root, freestanding):
            count += 1
            with open(os.path.join(root, path), encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    found = INCLUDE.match(line)
                    if found and found[1] == '"' and found[2].split("/")[0] not in may:
                        offences.append(f"{path}:{number}: {freestanding} may not include {found[2]}")
                    if found and freestanding == "abi":
                        offences.append(f"{path}:{number}: abi includes nothing")
    print("\n".join(sorted(set(offences))) or f"{count} files keep to the table")
    sys.exit(1 if offences else 0)


if __name__ == "__main__":
    main()
