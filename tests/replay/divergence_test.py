#!/usr/bin/env python3
"""A replay that differs says so: where, both sides' counts and registers, the pages, and exit status 3.

usage: divergence_test.py BUILD_FOLDER ALTER_TRACE
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402


def main():
    build, alter_trace = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace, altered = f"{folder}/trace", f"{folder}/altered"
        with drive.Paemu(build, "-m", "128M", "-pace", "off", "-record", trace) as machine:
            machine.wait_for_prompt()
            machine.shell("echo altered; memload -q -r 4 16")  # long enough for checkpoints
            machine.type("poweroff -f\n")
            machine.wait()
        subprocess.run([alter_trace, trace, altered], check=True)
        done = subprocess.run([f"{build}/paemu", "-replay", altered], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=200, check=False)
        print(done.stderr)
        if done.returncode != 3:
            sys.exit(f"the exit status is {done.returncode}, not 3")
        for part in ("instructions", "checkpoint that differs", "EAX", "page"):
            if part not in done.stderr:
                sys.exit(f"{part!r} is not in the report")


if __name__ == "__main__":
    main()
