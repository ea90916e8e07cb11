#!/usr/bin/env python3
"""At the shell of Debian's kernel for PAE machines, from a packed initramfs: a DIMM comes and is ejected, the machine
restarts and goes off. The run is recorded and replayed.

usage: linux_session_test.py BUILD_FOLDER SIZE [OPTION...]
"""
import gzip
import os
import re
import sys
import tempfile

from linux_test import QUICKLY, kernel, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))
import drive  # noqa: E402

SLOW = 600  # seconds
# ACPI 6.3, 6.3.5: sources and statuses of _OST.
DEVICE_CHECK, EJECT_REQUEST = 1, 3
SUCCESS, IN_PROGRESS = 0, 0x84


def expect_report(machine, device, source, status):
    info = machine.wait_for_event("ACPI_DEVICE_OST", SLOW)["info"]
    expected = {"slot": "0", "slot-type": "DIMM", "source": source, "status": status, **({"device": device} if device else {})}
    if info != expected:
        raise drive.Failure(f"the guest reported {info}, not {expected}")


def hotplug(machine):
    """This kernel has no use for a DIMM that comes, but it answers for it, and lets it go."""
    for _ in range(2):
        machine.monitor("object_add memory-backend-ram,id=mem1,size=512M")
        machine.monitor("device_add pc-dimm,id=dimm1,memdev=mem1")
        expect_report(machine, "dimm1", DEVICE_CHECK, SUCCESS)
        machine.monitor("device_del dimm1")
        expect_report(machine, "dimm1", EJECT_REQUEST, IN_PROGRESS)
        if machine.wait_for_event("DEVICE_DELETED", SLOW)["device"] != "dimm1":
            raise drive.Failure("another DIMM was ejected")
        expect_report(machine, None, EJECT_REQUEST, SUCCESS)
        if "dimm1" in machine.monitor("info memory-devices"):
            raise drive.Failure("the DIMM is still there")
        machine.monitor("object_del mem1")


def session(build, size, options, folder):
    initrd = f"{folder}/initrd.gz"
    with open(f"{build}/tests/guest/linux.cpio", "rb") as plain, gzip.open(initrd, "wb", 1) as packed:
        packed.write(plain.read())
    with drive.Paemu(build, "-kernel", kernel(build), "-initrd", initrd, "-append", f"{QUICKLY} shell",
                     "-m", f"{size},slots=2,maxmem={int(size.rstrip('G')) + 1}G", "-record", f"{folder}/trace", *options, timeout=SLOW) as machine:
        machine.wait_for_prompt()
        hotplug(machine)
        machine.type("reboot -f\n")
        machine.expect("Linux version")
        machine.wait_for_prompt()
        processors = machine.shell("nproc").text.strip()
        machine.type("poweroff -f\n")
        machine.expect("reboot: Power down")
        status = machine.wait()
        if status != 0:
            raise drive.Failure(f"after power off the exit status was {status}")
        return processors, machine.output


def main():
    build, size, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        try:
            processors, output = session(build, size, options, folder)
        except drive.Failure as failure:
            sys.exit(f"linux_session_test: {failure}")
        status, replayed, errors = run([f"{build}/paemu", "-replay", f"{folder}/trace", "-serial", "stdio", "-monitor", "none"])
        if status != 0 or drive.ESCAPES.sub("", replayed) != output:
            sys.exit(f"linux_session_test: the replay differs: exit status {status}; {errors}")
    wanted = re.search(r"-smp (\d+)", " ".join(options))
    if processors != (wanted[1] if wanted else "1"):
        sys.exit(f"linux_session_test: after the restart there are {processors} processors")
    print(f"linux_session_test: with {size} a DIMM came and went twice, the machine restarted and went off; replayed")


if __name__ == "__main__":
    main()
