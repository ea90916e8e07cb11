#!/usr/bin/env python3
"""Boot Debian's kernel for PAE machines to BusyBox and off again, recorded and replayed.

usage: linux_test.py BUILD_FOLDER [PROCESSORS]
"""
import glob
import re
import subprocess
import sys
import tempfile

EXPECTED = ["SMBIOS 2.8 present", "found SMP MP-table", "init: Linux i686", "processor: model name\t: ", "memory: MemTotal: ", "count: 15050",
            "hash: 32e8bfc1888e4abc71c499baefe2efcad2ecc01d1c18f4a453d5d62b502a2c3e  -"]


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=800, check=False)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", ""), done.stderr.decode(errors="replace")


def main():
    build = sys.argv[1]
    processors = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    expected = EXPECTED + ([f"smp: Brought up 1 node, {processors} CPUs"] if processors > 1 else [])
    expected += [f"processors: {processors}, without local timer interrupts: 0"]
    expected += [f"worked on processor {n}" for n in range(processors)]
    found = sorted(glob.glob(f"{build}/packages/linux-image-686-pae/boot/vmlinuz-*"))
    if not found:
        sys.exit("linux_test: Debian's kernel is not in the build folder; tools/fetch-packages brings it")
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        machine = ["-serial", "stdio", "-monitor", "none", "-pace", "off"]
        status, output, errors = run([f"{build}/paemu", "-kernel", found[-1], "-initrd", f"{build}/tests/guest/linux.cpio", "-append", "console=ttyS0",
                                      "-m", "1G,slots=2,maxmem=4G", "-smp", str(processors), "-no-reboot", "-record", trace, *machine])
        missing = [line for line in expected if line not in output]
        if status != 0 or missing or "the kernel complained" in output:
            sys.exit(f"linux_test: exit status {status}, missing {missing}; it printed ...{output[-3000:]}\n{errors}")
        again, replayed, errors = run([f"{build}/paemu", "-engine", "interp", "-replay", trace, *machine[:4]])
        if again != 0 or replayed != output:
            sys.exit(f"linux_test: the replay differs: exit status {again}; {errors}")
    print(f"linux_test: {re.search(r'Linux version [^ ]+', output)[0]} came up and went off, recorded and replayed")


if __name__ == "__main__":
    main()
