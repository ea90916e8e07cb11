#!/usr/bin/env python3
"""Boot Debian's kernel for PAE machines with much memory: it finds all of it, comes to BusyBox and powers off.

usage: linux_sizes_test.py BUILD_FOLDER SIZE...
"""
import re
import sys

from linux_test import QUICKLY, kernel, run


def boot(build, size):
    status, output, errors = run([f"{build}/paemu", "-kernel", kernel(build), "-initrd", f"{build}/tests/guest/linux.cpio", "-append", f"{QUICKLY} size",
                                  "-m", size, "-no-reboot", "-serial", "stdio", "-monitor", "none", "-pace", "off"])
    found = re.search(r"memory: MemTotal: +(\d+) kB\nkernel: +(\S+)", output)
    if status != 0 or not found or "Power down" not in output:
        sys.exit(f"linux_sizes_test: with {size} the exit status is {status}; it printed ...{output[-3000:]}\n{errors}")
    share = int(found[1]) / (int(size.rstrip("G")) << 20)
    # The table of all pages takes 1 %, with less memory the kernel's own code counts.
    if not 0.98 < share < 1:
        sys.exit(f"linux_sizes_test: of {size} the kernel tells {found[1]} kB")
    print(f"linux_sizes_test: with {size} the kernel, at {found[2]}, told {found[1]} kB and powered off")


def main():
    for size in sys.argv[2:]:
        boot(sys.argv[1], size)


if __name__ == "__main__":
    main()
