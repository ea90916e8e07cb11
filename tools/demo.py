#!/usr/bin/env python3
"""The main job, shown: boot, hot-add a DIMM, load it, hot-remove it under load, record all, replay, compare.

usage: demo.py BUILD_FOLDER
"""
import os
import re
import subprocess
import sys
import tempfile
import time

import drive

LOAD_MIB = 900   # more than the boot DIMM has free, so that much of it lies on the added one


def step(text):
    print(f"\n=== {text}", flush=True)


def show(machine):
    print(machine.monitor("dimm list").rstrip())
    print(machine.shell("grep -E '^(MemTotal|MemFree|HighTotal)' /proc/meminfo").text.rstrip())
    states = machine.shell("grep . /sys/devices/system/memory/memory*/state").text
    names = re.findall(r"memory(\d+)/state:(\S+)", states)
    print(f"sections: {sum(s == 'online' for _, s in names)} online of {len(names)}", flush=True)


def run(build, trace):
    step("Boot the bundled guest with 1 GiB and 8 free slots, recording")
    with drive.Paemu(build, "-m", "1G,slots=8,maxmem=16G", "-record", trace) as machine:
        machine.wait_for_prompt()
        print(machine.output.strip().splitlines()[0])
        show(machine)

        step("Hot-add a DIMM of 512 MiB from the monitor: dimm add 512M")
        print(machine.monitor("dimm add 512M").rstrip())
        source = machine.wait_for_event("ACPI_DEVICE_OST")
        print(f"the guest's _OST: source {source['info']['source']}, status {source['info']['status']}")
        show(machine)
        before = drive.resident_kib(machine.process.pid)

        step(f"Load it: memload {LOAD_MIB} fills memory with a pattern that it changes and verifies all the time")
        machine.shell(f"memload -q {LOAD_MIB} > /tmp/verdict & sleep 8; grep . /proc/meminfo | grep MemFree")
        show(machine)
        loaded = drive.resident_kib(machine.process.pid)

        step("Hot-remove the DIMM while the program works: dimm remove dimm1")
        print(machine.monitor("dimm remove dimm1").rstrip())
        start = time.monotonic()
        removed = machine.wait_for_event("DEVICE_DELETED")
        print(f"{removed['device']} has left after {time.monotonic() - start:.1f} s on the host")
        show(machine)
        print(machine.shell("grep -E '^pgmigrate' /proc/vmstat").text.rstrip())
        after = drive.resident_kib(machine.process.pid)
        print(f"the emulator's resident memory: {before // 1024} MiB before the load, {loaded // 1024} with it, {after // 1024} after the removal:")
        print("what dimm1 held now lies in boot0, and dimm1's own memory is the host's again")

        step("The program's verdict")
        machine.shell("sleep 2; kill $!; wait $!")
        verdict = machine.shell("cat /tmp/verdict").text.strip()
        print(verdict)
        machine.type("poweroff -f\n")
        status = machine.wait()
        print(f"power off; paemu's exit status: {status}")
        return verdict.startswith("memload: OK") and status == 0


def replay(build, trace):
    step("Look into the trace: paetrace info")
    subprocess.run([f"{build}/paetrace", "info", trace], check=True)
    step("Replay it and compare the state hashes")
    start = time.monotonic()
    done = subprocess.run([f"{build}/paemu", "-replay", trace], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    print("\n".join(done.stderr.strip().splitlines()[-3:]))
    print(f"replayed in {time.monotonic() - start:.1f} s; exit status {done.returncode}")
    return done.returncode == 0


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="paemu-demo-") as folder:
        trace = os.path.join(folder, "demo.trace")
        try:
            held = run(build, trace)
            same = replay(build, trace)
        except drive.Failure as failure:
            sys.exit(f"demo: {failure}")
    step("Result")
    print(f"nothing was lost: {'yes' if held else 'NO'}; the replay was the same: {'yes' if same else 'NO'}")
    sys.exit(0 if held and same else 1)


if __name__ == "__main__":
    main()
