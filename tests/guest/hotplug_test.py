#!/usr/bin/env python3
"""DIMMs come and go while the bundled guest runs: what the monitor reports, what the guest keeps. Each run is recorded
and replayed.

usage: hotplug_test.py BUILD_FOLDER [CASE...]
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))
import drive  # noqa: E402

SMALL = ("-m", "128M,slots=4,maxmem=4G", "-pace", "off")


def expect(what, seen, wanted):
    if seen != wanted:
        raise drive.Failure(f"{what}: saw {seen!r}, not {wanted!r}")


def memory_kib(machine):
    # The kernel's log may write between the lines.
    return int(re.search(r"MemTotal: +(\d+) kB", machine.shell("grep MemTotal /proc/meminfo").text)[1])


def ost(machine):
    """The next _OST report: (source event, status)."""
    info = machine.wait_for_event("ACPI_DEVICE_OST")["info"]
    return info["source"], info["status"]


def add(machine, words):
    machine.monitor(f"dimm add {words}")
    expect("the report of an insertion", ost(machine), (1, 0))


def remove(machine, name):
    machine.monitor(f"dimm remove {name}")
    expect("the report of a removal that begins", ost(machine), (3, 0x84))
    expect("the DIMM that left", machine.wait_for_event("DEVICE_DELETED")["device"], name)
    expect("the report of a removal that is done", ost(machine), (3, 0))


def case_add_and_remove(machine):
    before = memory_kib(machine)
    add(machine, "512M")
    gained = memory_kib(machine) - before
    if not 500 * 1024 <= gained <= 512 * 1024:
        raise drive.Failure(f"512 MiB gave the guest {gained} KiB")
    remove(machine, "dimm1")
    expect("the guest's memory after the removal", memory_kib(machine), before)


def case_every_slot(machine):
    before = memory_kib(machine)
    for _ in range(4):
        add(machine, "128M")
    answer = machine.monitor("dimm add 128M")
    if "slot" not in answer:
        raise drive.Failure(f"a fifth DIMM in four slots: {answer!r}")
    for name in ("dimm3", "dimm1", "dimm4"):
        remove(machine, name)
    add(machine, "256M")
    for name in ("dimm2", "dimm1"):
        remove(machine, name)
    expect("the guest's memory at the end", memory_kib(machine), before)


def case_refused(machine):
    """What does not fit elsewhere stays, the reason is told, and nothing is lost."""
    add(machine, "128M")
    machine.shell("dd if=/dev/urandom of=/tmp/data bs=1M count=4 2>/dev/null")
    checksum = machine.shell("md5sum /tmp/data").text
    machine.shell("dd if=/dev/zero of=/tmp/much bs=1M count=190 2>/dev/null")
    machine.monitor("dimm remove dimm1")
    expect("the report of a removal that begins", ost(machine), (3, 0x84))
    expect("the report of a refusal", ost(machine), (3, 0x82))
    if "dimm1" not in machine.monitor("dimm list"):
        raise drive.Failure("the DIMM is not listed after a refused removal")
    if "frame 0x" not in machine.log():
        raise drive.Failure(f"nobody says which frame blocks: {machine.log()}")
    expect("a file after a refused removal", machine.shell("md5sum /tmp/data").text, checksum)
    machine.shell("rm /tmp/much")
    remove(machine, "dimm1")
    expect("a file that was moved", machine.shell("md5sum /tmp/data").text, checksum)


def case_reset(machine):
    """A DIMM that is there when the guest starts anew is found by its _STA, and may leave."""
    add(machine, "512M")
    with_dimm = memory_kib(machine)
    machine.execute("system_reset")
    machine.wait_for_event("RESET")
    machine.wait_for_prompt()
    expect("the guest's memory after a reset", memory_kib(machine), with_dimm)
    remove(machine, "dimm1")


def case_pulled_and_exchanged(machine):
    add(machine, "256M")
    machine.monitor("dimm pull dimm1")
    machine.monitor("dimm add 128M")
    expect("the report of another DIMM in place of one that was pulled", ost(machine), (1, 1))
    expect("the shell after a pull", machine.shell("echo alive").text.strip(), "alive")


def case_power_button(machine):
    machine.execute("system_powerdown")
    expect("the exit status after the power button", machine.wait(60), 0)


CASES = {name[5:]: function for name, function in globals().items() if name.startswith("case_")}


def run(build, name):
    with tempfile.TemporaryDirectory(prefix="paemu-hotplug-") as folder:
        trace = os.path.join(folder, "trace")
        with drive.Paemu(build, *SMALL, "-record", trace) as machine:
            machine.wait_for_prompt()
            CASES[name](machine)
            if machine.process.poll() is None:
                machine.execute("quit")
                machine.wait(60)
        done = subprocess.run([f"{build}/paemu", "-replay", trace], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=drive.patience(250), check=False)
        if done.returncode != 0:
            raise drive.Failure(f"the replay ended with {done.returncode}: {done.stderr[-1500:]}")


def main():
    build, *names = sys.argv[1:]
    failed = False
    for name in names or CASES:
        try:
            run(os.path.abspath(build), name)
            print(f"{name}: ok", flush=True)
        except drive.Failure as failure:
            failed = True
            print(f"{name}: FAILED: {failure}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
