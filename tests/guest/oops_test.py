#!/usr/bin/env python3
"""A fault in the bundled kernel, asked for by /proc/sysrq-trigger: its last words, and the emulator's exit status.

usage: oops_test.py BUILD_FOLDER
"""
import re
import subprocess
import sys

STATUS = 253  # docs/oops.md
# In this order.
EXPECTED = [r"page fault in the kernel, task \d+ \(sh\)", r"eip 0060:[0-9a-f]{8} eflags [0-9a-f]{8} vector 14 error 2 cr2 00000000", r"eax [0-9a-f]{8} ebx",
            r"esi [0-9a-f]{8} edi", "back trace:", r"\] crash_on_request\+0x", r"\] sys_write\+0x", r"panic: page fault at",
            r"running: task \d+ \(sh\) of process \d+, \d+ tasks", r"memory in KiB: \d+ of \d+ free; low \d+ of \d+", r"Normal: \d+ free.*blocks by order: \d+"]


def main():
    build = sys.argv[1]
    for kernel in ("guest-kernel.elf", "guest-kernel-3g.elf"):
        done = subprocess.run([f"{build}/paemu", "-kernel", f"{build}/{kernel}", "-initrd", f"{build}/initramfs.cpio", "-m", "256M", "-pace", "off",
                               "-append", 'run="echo c > /proc/sysrq-trigger" panic=exit', "-serial", "stdio", "-monitor", "none"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        output = done.stdout.decode(errors="replace").replace("\r", "")
        if done.returncode != STATUS:
            sys.exit(f"{kernel}: exit status {done.returncode}, not {STATUS}\n{output[-3000:]}")
        at = 0
        for pattern in EXPECTED:
            found = re.compile(pattern).search(output, at)
            if not found:
                sys.exit(f"{kernel}: no {pattern!r} where it should be in\n{output[-3000:]}")
            at = found.end()
    print("both kernels tell registers, back trace and memory, and end the emulator")


if __name__ == "__main__":
    main()
