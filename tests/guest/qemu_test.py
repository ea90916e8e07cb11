#!/usr/bin/env python3
"""The bundled kernel in QEMU: a check that it is a kernel for a PC, and not one fitted to our own emulator.

usage: qemu_test.py BUILD_FOLDER ktest | hotplug | programs SOURCE...
ktest runs the kernel's own tests, hotplug adds and removes DIMMs by QEMU's monitor, programs runs the guest tests that
guest_test.py runs in paemu, one after the other, unless a line "#q " in the source says why not.
"""
import os
import re
import sys

import guest_test

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))
import drive  # noqa: E402


def expect(what, seen, wanted):
    if seen != wanted:
        raise drive.Failure(f"{what}: saw {seen!r}, not {wanted!r}")


def ktest(build, _):
    with drive.Qemu(build, "-m", "4G", append="ktest=all panic=exit") as machine:
        machine.expect(r"ktest: \d+ tests, 0 failed\n")


def reported(machine):
    info = machine.wait_for_event("ACPI_DEVICE_OST")["info"]
    return info["source"], info["status"]


def memory_kib(machine):
    # The kernel's log may write between the lines.
    return int(re.search(r"MemTotal: +(\d+) kB", machine.shell("grep MemTotal /proc/meminfo").text)[1])


def add(machine, number, size):
    machine.monitor(f"object_add memory-backend-ram,id=mem{number},size={size}")
    expect("QEMU's answer to device_add", machine.monitor(f"device_add pc-dimm,id=dimm{number},memdev=mem{number}"), "")
    expect("the report of an insertion", reported(machine), (1, 0))


def remove(machine, number):
    machine.monitor(f"device_del dimm{number}")
    expect("the report of a removal that begins", reported(machine), (3, 0x84))
    expect("the DIMM that left", machine.wait_for_event("DEVICE_DELETED")["device"], f"dimm{number}")
    expect("the report of a removal that is done", reported(machine), (3, 0))
    machine.monitor(f"object_del mem{number}")


def hotplug(build, _):
    """DIMMs come and go by QEMU's monitor, above 4 GiB as well, while a program checks its memory."""
    for memory in ("256M,slots=4,maxmem=8G", "5G,slots=4,maxmem=16G"):
        with drive.Qemu(build, "-m", memory) as machine:
            machine.wait_for_prompt()
            before = memory_kib(machine)
            add(machine, 1, "512M")
            add(machine, 2, "256M")
            gained = memory_kib(machine) - before
            if not 750 * 1024 <= gained <= 768 * 1024:
                raise drive.Failure(f"768 MiB gave the guest {gained} KiB")
            machine.type("memload -k anon 150 &\n")
            machine.expect("pages filled")
            remove(machine, 1)
            remove(machine, 2)
            machine.type("kill -TERM $!; wait $!\n")
            machine.expect("memload: OK")
            machine.wait_for_prompt()
            expect("the guest's memory at the end", memory_kib(machine), before)


def excluded(source):
    with open(source, encoding="utf-8") as text:
        return re.search(r"^(?:#|//)q .", text.read(), re.M)


def programs(build, sources):
    """Each in a machine of the size that it asks for; those of one size share one."""
    wanted = {}
    for source in sources:
        if not excluded(source):
            memory, expected = guest_test.expectations(source)
            wanted.setdefault(memory, []).append((os.path.splitext(os.path.basename(source))[0], expected))
    offences = []
    for memory, tests in wanted.items():
        with drive.Qemu(build, "-m", memory, initramfs="tests/guest/tests.cpio") as machine:
            machine.wait_for_prompt()
            for name, expected in tests:
                offence = guest_test.check_output(machine.shell(f"/tests/run {name}").text, expected)
                print(f"{name}: {offence or 'ok'}", flush=True)
                if offence:
                    offences.append(name)
    if offences:
        raise drive.Failure("failed in QEMU: " + " ".join(offences))


def main():
    build, case, *sources = sys.argv[1:]
    try:
        {"ktest": ktest, "hotplug": hotplug, "programs": programs}[case](os.path.abspath(build), sources)
    except drive.Failure as failure:
        sys.exit(f"{case}: {failure}")
    print(f"{case}: ok in QEMU")


if __name__ == "__main__":
    main()
