#!/usr/bin/env python3
"""Boot Debian's kernel for PAE machines with much memory: it finds all of it, comes to BusyBox and powers off.

usage: linux_sizes_test.py BUILD_FOLDER SIZE[:YEAR]...
YEAR: of the machine's clock, which decides where the kernel puts itself (KASLR) and so what is left below 4 GiB.
"""
import re
import sys

from linux_test import QUICKLY, kernel, run


def boot(build, size, year):
    status, output, errors = run([f"{build}/paemu", "-kernel", kernel(build), "-initrd", f"{build}/tests/guest/linux.cpio", "-append", f"{QUICKLY} size",
                                  "-m", size, "-rtc", f"base={year}-01-01", "-no-reboot", "-serial", "stdio", "-monitor", "none", "-pace", "off"])
    found = re.search(r"memory: MemTotal: +(\d+) kB", output)
    if status != 0 or not found or "Power down" not in output:
        sys.exit(f"linux_sizes_test: {size} in {year}: exit status {status}; it printed ...{output[-3000:]}\n{errors}")
    share = int(found[1]) / (int(size.rstrip("G")) << 20)
    # The table of all pages takes 1 %, with less memory the kernel's own code counts.
    if not 0.98 < share < 1:
        sys.exit(f"linux_sizes_test: of {size} the kernel tells {found[1]} kB")
    print(f"linux_sizes_test: {size} in {year}: the kernel told {found[1]} kB and powered off")


def main():
    for row in sys.argv[2:]:
        size, _, year = row.partition(":")
        boot(sys.argv[1], size, year or "2026")


if __name__ == "__main__":
    main()
