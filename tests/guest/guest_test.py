#!/usr/bin/env python3
"""Run one guest test in the bundled kernel: recorded translated, then replayed interpreted: both must say the same.

usage: guest_test.py BUILD_FOLDER SOURCE [KERNEL [INITRAMFS]]
SOURCE is a script in tests/guest/scripts, which the guest's shell runs, or a program's in tests/guest/programs. Lines
that start with "#> " ("//> " in C) are the output expected of it, "#~ " a regular expression for a line; "#m " sets -m. "#q "
says why the test is not run in QEMU (qemu_test.py runs the others there too).
Long expected output stands in SOURCE.expected instead. It must exit with 0.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402

TIMEOUT = 240  # seconds of the host
# What the kernel's log may say at any time.
KERNEL_LINE = re.compile(r"\S+\[\d+\]: unknown system call \d+|mm: the mem_map .*")


def expectations(source):
    memory, lines = "256M,slots=4,maxmem=4G", []
    with open(source, encoding="utf-8") as text:
        for line in text:
            found = re.fullmatch(r"(?:#|//)([>~m])(?: (.*))?\n", line)
            if not found:
                continue
            kind, rest = found[1], found[2] or ""
            if kind == "m":
                memory = rest.strip()
            else:
                lines.append(re.escape(rest) if kind == ">" else rest)
    if os.path.exists(f"{source}.expected"):
        with open(f"{source}.expected", encoding="utf-8") as text:
            lines += [re.escape(line) for line in text.read().splitlines()]
    return memory, lines


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=drive.patience(TIMEOUT), check=False)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", ""), done.stderr.decode(errors="replace")


def check_output(output, expected):
    found = re.search(r"^TEST BEGIN\n(.*?)^TEST END (\d+)$", output, re.S | re.M)
    if not found:
        return f"the test did not run to its end; last lines:\n{output[-3000:]}"
    if found[2] != "0":
        return f"the test's exit status is {found[2]}; it printed:\n{found[1]}"
    lines = [line for line in found[1].splitlines() if not KERNEL_LINE.fullmatch(line)]
    for i, (line, pattern) in enumerate(zip(lines, expected)):
        if not re.fullmatch(pattern, line):
            return f"line {i + 1} is\n  {line}\nexpected\n  {pattern}\nall of it:\n{found[1]}"
    if len(lines) != len(expected):
        return f"{len(lines)} lines, {len(expected)} expected; all of it:\n{found[1]}"
    return None


def main():
    build, source = sys.argv[1:3]
    kernel = sys.argv[3] if len(sys.argv) > 3 else "guest-kernel.elf"
    initramfs = sys.argv[4] if len(sys.argv) > 4 else "tests/guest/tests.cpio"
    name = os.path.splitext(os.path.basename(source))[0]
    memory, expected = expectations(source)
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        status, output, errors = run([
            f"{build}/paemu", "-kernel", f"{build}/{kernel}", "-initrd", f"{build}/{initramfs}", "-m", memory,
            "-append", f'run="/tests/run {name}" panic=exit', "-serial", "stdio", "-monitor", "none", "-pace", "off", "-record", trace])
        offence = check_output(output, expected)
        if not offence and status != 0:
            offence = f"paemu's exit status is {status}: {errors}"
        if not offence:
            again, replayed, errors = run([f"{build}/paemu", "-engine", "interp", "-replay", trace, "-serial", "stdio", "-monitor", "none"])
            if again != 0 or replayed != output:
                offence = f"the replay differs; its exit status is {again}: {errors}"
    if offence:
        sys.exit(f"{name}: {offence}")
    print(f"{name}: recorded and replayed")


if __name__ == "__main__":
    main()
