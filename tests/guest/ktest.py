#!/usr/bin/env python3
"""Run the kernel's own tests (guest-kernel/ktest) in paemu: recorded, then replayed, both must say the same.

usage: ktest.py BUILD_FOLDER [KERNEL]
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402

TIMEOUT = 120  # seconds of the host


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=drive.patience(TIMEOUT), check=False)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", ""), done.stderr.decode(errors="replace")


def main():
    build = sys.argv[1]
    kernel = sys.argv[2] if len(sys.argv) > 2 else "guest-kernel.elf"
    consoles = ["-serial", "stdio", "-monitor", "none"]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        # 4 GiB: some of it is high memory, which only kmaps reach.
        status, output, errors = run([f"{build}/paemu", "-kernel", f"{build}/{kernel}", "-initrd", f"{build}/initramfs.cpio", "-m", "4G",
                                      "-append", "ktest=all panic=exit", *consoles, "-pace", "off", "-record", trace])
        summary = re.search(r"^ktest: (\d+) tests, 0 failed$", output, re.M)
        if status != 0 or not summary:
            sys.exit(f"exit status {status}; {errors}\n{output[-3000:]}")
        status, replayed, errors = run([f"{build}/paemu", "-engine", "interp", "-replay", trace, *consoles])
        if status != 0 or replayed != output:
            sys.exit(f"the replay differs; exit status {status}; {errors}\n{replayed[-3000:]}")
    print(f"{summary[1]} tests passed, recorded and replayed")


if __name__ == "__main__":
    main()
