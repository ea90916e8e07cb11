#!/usr/bin/env python3
"""Run bare guests of the frame: every case as the manual says, the same when recorded, the same again when
replayed by the other engine.

usage: cases_test.py BUILD_FOLDER SOURCE...
The options of the emulator stand in the source as "// paemu: OPTIONS"; several such lines are several runs.
"""
import os
import re
import subprocess
import sys
import tempfile


def fail(name, reason, output=""):
    sys.exit(f"{name}: {reason}\n{output}")


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=150, check=False)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def runs_of(source):
    """The options of each run that the source asks for."""
    with open(source, encoding="utf-8") as text:
        found = re.findall(r"^// paemu:(.*)$", text.read(), re.MULTILINE)
    return [line.split() for line in found] or [[]]


def check(build, name, options, folder):
    trace = os.path.join(folder, "trace")
    quiet = ["-serial", "stdio", "-monitor", "none"]
    memory = [] if "-m" in options else ["-m", "64M"]
    status, output, errors = run([f"{build}/paemu", "-bios", f"{build}/tests/guest/bare/{name}.bin", "-no-reboot", "-pace", "off",
                                  *memory, *options, "-record", trace, *quiet])
    lines = output.splitlines()
    if "Sanitizer" in errors or "Assertion" in errors or not lines or " cases, " not in lines[-1]:
        fail(name, f"it did not come to its end; exit status {status}; {errors}", output[-2000:])
    unexpected = [line for line in lines if ", expected " in line]
    if unexpected or status != 7 or not lines[-1].endswith(" 0 not as expected"):
        fail(name, f"not as the manual says, with {' '.join(options) or 'no options'}:", "\n".join(unexpected[:60] + lines[-1:]))
    again, replayed, errors = run([f"{build}/paemu", "-engine", "interp", "-replay", trace, *quiet])
    if again not in (0, 7) or replayed != output:
        fail(name, f"the replay differs: exit status {again}; {errors}", replayed[-1000:])
    print(f"{name} {' '.join(options)}: {lines[-1]}, recorded and replayed")


def check_all(build, source):
    name = os.path.splitext(os.path.basename(source))[0]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        for options in runs_of(source):
            check(build, name, options, folder)


def main():
    build = sys.argv[1]
    for source in sys.argv[2:]:
        check_all(build, source)


if __name__ == "__main__":
    main()
