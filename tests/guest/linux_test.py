#!/usr/bin/env python3
"""Boot Debian's kernel for PAE machines to BusyBox and off again, recorded and replayed.

With "compare" the kernel may complain of what it complains of on QEMU's board "pc", and of nothing else.

usage: linux_test.py BUILD_FOLDER [PROCESSORS|compare]
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402

EXPECTED = ["SMBIOS 2.8 present", "found SMP MP-table", "init: Linux i686", "processor: model name\t: ", "memory: MemTotal: ", "count: 15050",
            "hash: 32e8bfc1888e4abc71c499baefe2efcad2ecc01d1c18f4a453d5d62b502a2c3e  -"]
SIZE = "1G"
# The kernel's command line for tests of something else: without trying its cryptography, three of the five seconds of a start.
QUICKLY = "console=ttyS0 cryptomgr.notests"


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=drive.patience(800), check=False)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", ""), done.stderr.decode(errors="replace")


def kernel(build):
    found = sorted(glob.glob(f"{build}/packages/linux-image-686-pae/boot/vmlinuz-*"))
    if not found:
        sys.exit("Debian's kernel is not in the build folder; tools/fetch-packages brings it")
    return found[-1]


def complaints(output):
    """What init told of the kernel's warnings and errors, less the numbers in them, which differ from run to run."""
    return {re.sub(r"(0x)?[0-9a-f]*\d[0-9a-f]*", "N", line) for line in re.findall(r"complaint: (?:\[ *[\d.]+\] )?(.*)", output)}


def compare(output, guest):
    status, theirs, errors = run(["qemu-system-x86_64", "-accel", "tcg", "-M", "pc", "-cpu", "coreduo", "-m", SIZE, "-display", "none",
                                  "-serial", "stdio", "-monitor", "none", "-nic", "none", *guest])
    if status != 0 or "Power down" not in theirs:
        sys.exit(f"linux_test: QEMU did not come to the end; it printed ...{theirs[-1000:]}\n{errors}")
    more = complaints(output) - complaints(theirs)
    if more:
        sys.exit("linux_test: the kernel complains of more than on QEMU:\n" + "\n".join(sorted(more)))
    print(f"linux_test: {len(complaints(output))} kinds of complaint, QEMU's too, which has {len(complaints(theirs))}")


def main():
    build = sys.argv[1]
    comparing = sys.argv[2:] == ["compare"]
    processors = int(sys.argv[2]) if len(sys.argv) > 2 and not comparing else 1
    expected = EXPECTED + ([f"smp: Brought up 1 node, {processors} CPUs"] if processors > 1 else [])
    expected += [f"processors: {processors}, without local timer interrupts: 0"]
    expected += [f"worked on processor {n}" for n in range(processors)]
    guest = ["-kernel", kernel(build), "-initrd", f"{build}/tests/guest/linux.cpio", "-append", "console=ttyS0", "-no-reboot"]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        machine = ["-serial", "stdio", "-monitor", "none", "-pace", "off"]
        status, output, errors = run([f"{build}/paemu", *guest, "-m", f"{SIZE},slots=2,maxmem=4G", "-smp", str(processors), "-record", trace, *machine])
        missing = [line for line in expected if line not in output]
        if status != 0 or missing or "Power down" not in output or "the kernel complained" in output:
            sys.exit(f"linux_test: exit status {status}, missing {missing}; it printed ...{output[-3000:]}\n{errors}")
        again, replayed, errors = run([f"{build}/paemu", "-engine", "interp", "-replay", trace, *machine[:4]])
        if again != 0 or replayed != output:
            sys.exit(f"linux_test: the replay differs: exit status {again}; {errors}")
    if comparing:
        compare(output, guest)
    print(f"linux_test: {re.search(r'Linux version [^ ]+', output)[0]} came up and went off, recorded and replayed")


if __name__ == "__main__":
    main()
