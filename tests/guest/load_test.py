#!/usr/bin/env python3
"""DIMMs leave while programs work on them: nothing may be lost. Each run is recorded and replayed.

usage: load_test.py BUILD_FOLDER CASE
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402


def expect(condition, what):
    if not condition:
        raise drive.Failure(what)


def wait_for_ost(machine, source):
    """The guest's next _OST report about an insertion (1) or a removal (3)."""
    while True:
        ost = machine.wait_for_event("ACPI_DEVICE_OST")["info"]
        if ost["source"] == source:
            return ost


def add(machine, size="256M"):
    """Hot-add a DIMM and wait until the guest has taken it."""
    before = machine.shell("grep MemTotal /proc/meminfo").text
    reply = machine.monitor(f"dimm add {size}")
    found = re.match(r"(dimm\d+): ", reply)
    expect(found, f"dimm add said {reply!r}")
    ost = wait_for_ost(machine, 1)
    expect(ost["status"] == 0, f"_OST after the insertion: {ost}")
    after = machine.shell("grep MemTotal /proc/meminfo").text
    expect(int(after.split()[1]) > int(before.split()[1]) + 200_000, f"MemTotal went from {before!r} to {after!r}")
    return found[1]


def start_load(machine, arguments):
    machine.type(f"memload -q {arguments} > /tmp/verdict 2>&1 &\n")
    machine.wait_for_prompt()
    machine.shell("sleep 1")


def check_load(machine):
    # A whole round after the removal, then the verdict.
    machine.shell("sleep 1; kill %1; wait %1")
    verdict = machine.shell("cat /tmp/verdict").text.strip()
    expect("memload: OK" in verdict and "CORRUPT" not in verdict, f"the load's verdict: {verdict!r}")


def remove_under_load(machine, arguments):
    dimm = add(machine)
    start_load(machine, arguments)
    machine.monitor(f"dimm remove {dimm}")
    machine.wait_for_event("DEVICE_DELETED")
    expect(dimm not in machine.monitor("dimm list"), "the DIMM is still listed")
    moved = int(machine.shell("grep pgmigrate_success /proc/vmstat").text.split()[1])
    expect(moved > 1000, f"only {moved} pages were migrated: the load did not reach the DIMM")
    check_load(machine)


def anonymous(machine):
    remove_under_load(machine, "160")


def shared(machine):
    remove_under_load(machine, "-k shared 160")


def file(machine):
    remove_under_load(machine, "-k file 160")


def processes(machine):
    remove_under_load(machine, "-p 4 40")


def refused_without_room(machine):
    """Nowhere to move the pages to: the guest refuses, all stays as it was, and the load goes on."""
    dimm = add(machine)
    start_load(machine, "400")
    machine.monitor(f"dimm remove {dimm}")
    statuses = [wait_for_ost(machine, 3) for _ in range(2)]
    expect(statuses[0]["status"] == 132 and statuses[1]["status"] in (1, 128, 129, 130), f"_OST: {statuses}")
    expect(dimm in machine.monitor("dimm list"), "the DIMM has gone")
    expect(re.search(r"frame 0x[0-9a-f]+", machine.log()), f"the monitor does not say which frame blocks: {machine.log()!r}")
    expect("offline" not in machine.shell("cat /sys/devices/system/memory/memory*/state").text, "a section stayed offline")
    check_load(machine)
    # Once the load is gone, the same DIMM leaves.
    machine.monitor(f"dimm remove {dimm}")
    machine.wait_for_event("DEVICE_DELETED")


def again_and_again(machine):
    """Ten times in and out leave the guest's memory as it was."""
    machine.shell("true")
    free = None
    for _ in range(10):
        dimm = add(machine)
        machine.monitor(f"dimm remove {dimm}")
        machine.wait_for_event("DEVICE_DELETED")
        machine.events.clear()
        now = int(machine.shell("grep MemFree /proc/meminfo").text.split()[1])
        free = free or now
    expect(abs(now - free) < 200, f"MemFree drifted from {free} to {now} kB")


def sections_by_sysfs(machine):
    """A section goes offline and online again by its state file; the kernel's own does not."""
    add(machine)
    section = machine.shell("ls -d /sys/devices/system/memory/memory32").text.strip()
    expect(machine.shell(f"echo offline > {section}/state").status == 0, "offline failed")
    expect(machine.shell(f"cat {section}/state").text.strip() == "offline", "the state is not offline")
    expect(machine.shell(f"echo online_movable > {section}/state").status == 0, "online failed")
    refused = machine.shell("echo offline > /sys/devices/system/memory/memory0/state")
    expect(refused.status != 0 and "busy" in refused.text, f"offlining the kernel's section: {refused.text!r}")
    said = machine.shell("dmesg | tail -3").text
    expect("frame 0x" in said, f"the log does not say why: {said!r}")


def memory_returns_to_the_host(machine):
    """What an ejected DIMM had touched is no longer resident in the emulator, at once."""
    dimm = add(machine)
    machine.shell("memload -q -r 1 160")
    before = drive.resident_kib(machine.process.pid)
    machine.monitor(f"dimm remove {dimm}")
    machine.wait_for_event("DEVICE_DELETED")
    after = drive.resident_kib(machine.process.pid)
    expect(before - after > 120 * 1024, f"{before} KiB were resident before the removal, {after} after it")


CASES = [memory_returns_to_the_host, anonymous, shared, file, processes, refused_without_room, again_and_again, sections_by_sysfs]


def main():
    build, name = sys.argv[1:3]
    case = {c.__name__: c for c in CASES}[name]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        try:
            with drive.Paemu(build, "-m", "256M,slots=4,maxmem=4G", "-record", trace) as machine:
                machine.wait_for_prompt()
                case(machine)
                machine.type("poweroff -f\n")
                status = machine.wait()
                expect(status == 0, f"exit status {status}: {machine.log()}")
        except drive.Failure as failure:
            sys.exit(f"{name}: {failure}")
        done = subprocess.run([f"{build}/paemu", "-replay", trace], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=drive.patience(200), check=False)
        if done.returncode != 0:
            sys.exit(f"{name}: the replay ended with {done.returncode}: {done.stderr}")
    print(f"{name}: held, recorded and replayed")


if __name__ == "__main__":
    main()
