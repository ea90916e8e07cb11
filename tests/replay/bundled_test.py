#!/usr/bin/env python3
"""Record the bundled guest from the middle of its run, with DIMMs that come and go, and replay it.

usage: bundled_test.py BUILD_FOLDER
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402


def check(condition, text):
    if not condition:
        sys.exit(text)


def record(build, trace):
    """-> what the guest printed while it was recorded"""
    with drive.Paemu(build, "-m", "256M,slots=4,maxmem=4G", "-pace", "off") as machine:
        machine.wait_for_prompt()
        machine.monitor("dimm add 128M")
        machine.wait_for_event("ACPI_DEVICE_OST")
        machine.shell("i=0; while [ $i -lt 200 ]; do i=$((i+1)); done")
        machine.monitor("stop")
        check(not machine.monitor(f"record start {trace}").startswith("Error"), "record start failed")
        machine.monitor("cont")
        seen = len(machine.output)
        machine.shell("grep . /sys/devices/system/memory/memory*/state | tail -2; grep MemTotal /proc/meminfo")
        machine.monitor("dimm add 256M")
        machine.wait_for_event("ACPI_DEVICE_OST")
        machine.monitor("dimm remove dimm1")
        machine.wait_for_event("DEVICE_DELETED")
        machine.shell("for i in 1 2 3; do ls -l /proc/self/fd | head -3; done; grep MemTotal /proc/meminfo")
        machine.type("poweroff -f\n")
        check(machine.wait() == 0, "power off does not end paemu with 0")
        return machine.output[seen:]


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        printed = record(build, trace)
        info = subprocess.run([f"{build}/paetrace", "info", trace], capture_output=True, check=True).stdout.decode()
        for part in ("from a snapshot of", "DimmInsert 1", "DimmEjectRequest 1", "ended by      GuestPowerOff"):
            check(part in info, f"{part!r} is not in\n{info}")
        again = subprocess.run([f"{build}/paemu", "-replay", trace, "-serial", "stdio", "-monitor", "none"], stdin=subprocess.DEVNULL,
                               capture_output=True, timeout=200, check=False)
        check(again.returncode == 0, f"the replay's exit status is {again.returncode}: {again.stderr.decode()}")
        replayed = drive.ESCAPES.sub("", again.stdout.decode(errors="replace").replace("\r", ""))
        check(printed.endswith(replayed) or replayed.endswith(printed), f"recorded:\n{printed}\nreplayed:\n{replayed}")
    print("the bundled guest, recorded from mid-run with DIMMs coming and going, is replayed exactly")


if __name__ == "__main__":
    main()
