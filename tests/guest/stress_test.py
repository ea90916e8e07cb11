#!/usr/bin/env python3
"""All loads at once for a billion instructions (tests/guest/programs/stress.c); nothing may fail or leak.

usage: stress_test.py BUILD_FOLDER CASE
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402

CHECKS = "page_poison=1 lockdep=1"
# name: memory, words for the kernel's command line, whether it is recorded and replayed too
CASES = {
    "small": ("64M", "", True),
    "small_checked": ("64M", CHECKS, False),
    "large": ("64G", "", False),
    "large_checked": ("64G", CHECKS, False),
}
ROUNDS = 4  # DIMMs that come and go during one run


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=drive.patience(250), check=False)
    return done.returncode, done.stdout.replace("\r", ""), done.stderr


def one_machine(build, name):
    memory, words, recorded = CASES[name]
    consoles = ["-serial", "stdio", "-monitor", "none"]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        trace = f"{folder}/trace"
        status, output, errors = run([
            f"{build}/paemu", "-kernel", f"{build}/guest-kernel.elf", "-initrd", f"{build}/tests/guest/stress.cpio", "-m", memory, "-append",
            f'run="/tests/run stress" panic=exit {words}', *consoles, "-pace", "off", *(["-record", trace] if recorded else [])])
        if status != 0 or "counters are where they were\nTEST END 0" not in output:
            raise drive.Failure(f"exit status {status}: {errors}\n{output[-3000:]}")
        if recorded:
            again, replayed, errors = run([f"{build}/paemu", "-engine", "interp", "-replay", trace, *consoles])
            if again != 0 or replayed != output:
                raise drive.Failure(f"the replay differs; its exit status is {again}: {errors}")


def ost(machine, source):
    """The guest's next _OST report about an insertion (1) or the end of a removal (3)."""
    while True:
        info = machine.wait_for_event("ACPI_DEVICE_OST")["info"]
        if info["source"] == source and info["status"] != 0x84:
            return info["status"]


def counters(machine):
    return dict(line.rsplit(" ", 1) for line in machine.shell("/tests/stress counters").text.splitlines())


def come_and_go(machine):
    reply = machine.monitor("dimm add 256M")
    dimm = re.match(r"(dimm\d+): ", reply)[1]
    if ost(machine, 1) != 0:
        raise drive.Failure(f"the guest refused {dimm}: {reply}")
    machine.shell("sleep 0.1")
    machine.monitor(f"dimm remove {dimm}")
    if ost(machine, 3) != 0:
        raise drive.Failure(f"{dimm} did not leave: {machine.log()}")


def rehearsed(machine):
    """One round in small, so that what the kernel and the shell need only once is there."""
    machine.type("/tests/stress 0.05 > /tmp/verdict 2>&1 &\n")
    machine.wait_for_prompt()
    come_and_go(machine)
    machine.shell("wait")
    machine.shell("cat /tmp/verdict; rm /tmp/verdict")
    counters(machine)


def dimms(build):
    """The loads go on while DIMMs come, are filled, and leave again."""
    with drive.Paemu(build, "-m", "128M,slots=4,maxmem=4G", "-pace", "off", "-initrd", f"{build}/tests/guest/stress.cpio", "-append", CHECKS) as machine:
        machine.wait_for_prompt()
        rehearsed(machine)
        before = counters(machine)
        machine.type("/tests/stress 3 > /tmp/verdict 2>&1 &\n")
        machine.wait_for_prompt()
        for _ in range(ROUNDS):
            come_and_go(machine)
        moved = int(machine.shell("grep pgmigrate_success /proc/vmstat").text.split()[1])
        machine.shell("wait")
        verdict = machine.shell("cat /tmp/verdict; rm /tmp/verdict").text
        if "all worked, none failed" not in verdict:
            raise drive.Failure(f"the verdict: {verdict}")
        after = counters(machine)
        if before != after:
            raise drive.Failure(f"counters differ: {before.items() ^ after.items()}")
        if moved < 200:
            raise drive.Failure(f"only {moved} pages were migrated: the loads did not reach the DIMMs")
        machine.type("poweroff -f\n")
        if machine.wait() != 0:
            raise drive.Failure(machine.log())


def main():
    build, name = sys.argv[1:3]
    try:
        if name == "dimms":
            dimms(os.path.abspath(build))
        else:
            one_machine(build, name)
    except drive.Failure as failure:
        sys.exit(f"{name}: {failure}")
    print(f"{name}: all loads went on, nothing leaked")


if __name__ == "__main__":
    main()
