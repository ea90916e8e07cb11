#!/usr/bin/env python3
"""NMI and machine checks by the monitor: a bare guest asks for each and says what came; recorded and replayed.

usage: monitor_events_test.py BUILD_FOLDER
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools"))
import drive  # noqa: E402

CASES = 23  # lines with a result before the shutdown
TRIPLE_FAULT = 4


def run(build, trace):
    """What the guest printed, and the exit status."""
    image = os.path.join(build, "tests/guest/bare/monitor_events.bin")
    with drive.Paemu(build, "-bios", image, "-m", "64M", "-no-reboot", "-pace", "off", "-record", trace, bundled=False) as machine:
        while True:
            asked = machine.expect(r"send (and type )?([^\n]*)\n")
            wanted = asked[2]
            answer = machine.monitor(wanted)
            if answer:
                raise drive.Failure(f"{wanted}: the monitor said {answer!r}")
            if wanted.startswith("mce 0 0 "):
                break
            if asked[1]:
                machine.type("x")
        return machine.wait(), machine.output


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = os.path.join(folder, "trace")
        status, output = run(build, trace)
        lines = [line for line in output.splitlines() if not line.startswith("send")]
        wrong = [line for line in lines if ", expected " in line]
        if wrong or len(lines) != CASES or status != TRIPLE_FAULT:
            sys.exit(f"exit status {status}, {len(lines)} lines; not as the manual says:\n" + "\n".join(wrong or lines))
        done = subprocess.run([f"{build}/paemu", "-replay", trace, "-serial", "stdio", "-monitor", "none"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=100, check=False)
        if done.returncode not in (0, TRIPLE_FAULT) or done.stdout.replace("\r", "") != output:
            sys.exit(f"the replay differs: exit status {done.returncode}; {done.stderr}\n{done.stdout}")
    print(f"{len(lines)} cases as the manual says, then a shutdown; recorded and replayed")


if __name__ == "__main__":
    main()
