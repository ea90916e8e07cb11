#!/usr/bin/env python3
"""Record guests interpreted, then replay them by the other engines: the checkpoints of the trace compare the state.

usage: engines_test.py BUILD_FOLDER NAME...
NAME is a bare guest, or "ido": its boot and some work in its shell.
"""
import os
import subprocess
import sys
import tempfile

WORK = "ls -lR /bin | gzip | sha256sum; i=0; while [ $i -lt 200 ]; do i=$((i+1)); done; cat /proc/meminfo /proc/self/maps | wc -l"
QUIET = ("-serial", "stdio", "-monitor", "none")


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def machine(build, name):
    if name == "ido":
        return ["-kernel", f"{build}/guest-kernel.elf", "-initrd", f"{build}/initramfs.cpio", "-m", "256M", "-append", f'run="{WORK}" panic=exit']
    return ["-bios", f"{build}/tests/guest/bare/{name}.bin", "-m", "64M"]


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        for name in sys.argv[2:]:
            trace = os.path.join(folder, "trace")
            status, output, errors = run(f"{build}/paemu", "-engine", "interp", *machine(build, name), "-no-reboot", "-pace", "off", "-record", trace, *QUIET)
            if not output or "Assertion" in errors:
                sys.exit(f"{name}: recording it ended with {status}: {errors}")
            for engine in ("jit", "verify"):
                again, replayed, errors = run(f"{build}/paemu", "-engine", engine, "-replay", trace, *QUIET)
                if again not in (0, status) or replayed != output or "agree" not in errors:
                    sys.exit(f"{name}: replaying it with -engine {engine} ended with {again}: {errors}")
            print(f"{name}: recorded interpreted, replayed by the other engines")


if __name__ == "__main__":
    main()
