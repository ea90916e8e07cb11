#!/usr/bin/env python3
"""Run one guest of our own without ido, recorded and replayed: it may do what it likes, the emulator stays whole.

usage: bare_test.py BUILD_FOLDER NAME
"""
import os
import re
import signal
import subprocess
import sys
import tempfile

# name: what it prints, paemu's exit status, seconds until it is told to stop (0: it ends by itself)
CASES = {
    "higher_half": ("say this", 3, 0),
    "jump_to_mmio": ("jumping", 7, 0),
    "port_garbage": ("scribbling", 5, 0),
    "power_off": ("going off", 0, 0),
    "rings": ("ringing ", 7, 0),
    "real_mode_loop": ("looping", 0, 1.5),
    "triple_fault": ("falling", 4, 0),
}


def run(command, stop_after):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=stop_after or 100)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=20)
    return process.returncode, output.decode(errors="replace"), errors.decode(errors="replace")


def main():
    build, name = sys.argv[1:3]
    text, wanted, stop_after = CASES[name]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        machine = ["-serial", "stdio", "-monitor", "none", "-pace", "off"]
        kernel = f"{build}/tests/guest/{name}.elf"
        image = ["-kernel", kernel, "-append", "say this"] if os.path.exists(kernel) else ["-bios", f"{build}/tests/guest/{name}.bin"]
        status, output, errors = run([f"{build}/paemu", *image, "-no-reboot", "-m", "128M", "-record", trace, *machine], stop_after)
        if status != wanted or text not in output or re.search(r"Sanitizer|Assertion", errors):
            sys.exit(f"{name}: exit status {status}, expected {wanted}; it printed {output!r}; {errors}")
        again, replayed, errors = run([f"{build}/paemu", "-engine", "interp", "-replay", trace, *machine[:4]], 0)
        if again not in (0, wanted) or replayed != output:
            sys.exit(f"{name}: the replay differs: exit status {again}, it printed {replayed!r}; {errors}")
    print(f"{name}: as expected, recorded and replayed")


if __name__ == "__main__":
    main()
