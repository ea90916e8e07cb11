#!/usr/bin/env python3
"""What recording costs: processor time of a busy shell in the bundled guest, bare and recorded, and the trace's size.

usage: recording.py BUILD_FOLDER [ROUNDS]
Rounds alternate, and the least time of each side counts: the host has other work.
"""
import os
import subprocess
import sys
import tempfile

WORK = b"i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; poweroff -f\n"


def run(build, options):
    """-> seconds of processor time in user mode and in the host's kernel"""
    machine = subprocess.Popen([f"{build}/paemu", "-serial", "stdio", "-monitor", "none", "-pace", "on", "-rtc", "base=1000000000",
                                *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = b""
    while b"# " not in output:
        output += os.read(machine.stdout.fileno(), 4096)
    machine.stdin.write(WORK)
    machine.stdin.flush()
    machine.stdout.read()
    _, _, usage = os.wait4(machine.pid, 0)
    return usage.ru_utime + usage.ru_stime


def main():
    build = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    bare, recorded = [], []
    with tempfile.TemporaryDirectory(prefix="paemu-bench-") as folder:
        trace = f"{folder}/trace"
        for _ in range(rounds):
            bare.append(run(build, []))
            recorded.append(run(build, ["-record", trace]))
        info = subprocess.run([f"{build}/paetrace", "info", trace], capture_output=True, check=True).stdout.decode()
    print(f"bare      {min(bare):.2f} s")
    print(f"recorded  {min(recorded):.2f} s, {(min(recorded) / min(bare) - 1) * 100:+.1f}%")
    print("".join(line + "\n" for line in info.splitlines() if line.startswith(("duration", "size"))), end="")


if __name__ == "__main__":
    main()
