#!/usr/bin/env python3
"""Put discs in and out by the monitor while a guest runs, and look at the tree of devices; then replay it, without images.

usage: media_test.py BUILD_FOLDER BOOT_DISK     (screen/window.asm, which waits for keys)
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, f"{os.path.dirname(os.path.abspath(__file__))}/../../tools")
import drive  # noqa: E402


def check(condition, text):
    if not condition:
        sys.exit(f"media_test: {text}")


def tray(machine):
    return next(d for d in machine.execute("query-block") if d["device"] == "ide1-cd0")["tray_open"]


def moves(machine):
    """What the tray has done since the last call, as the events tell: True is open."""
    machine.execute("query-status")  # events come before its answer
    found = [e["data"]["tray-open"] for e in machine.events if e["event"] == "DEVICE_TRAY_MOVED" and e["data"]["device"] == "ide1-cd0"]
    machine.events.clear()
    return found


def refused(machine, words, command, **arguments):
    try:
        machine.execute(command, **arguments)
    except drive.Failure as failure:
        return check(words in str(failure), f"{command} said {str(failure)!r}, not {words!r}")
    return check(False, f"{command} {arguments} is taken")


def use(machine, folder):
    machine.expect(">")
    machine.execute("blockdev-change-medium", device="ide1-cd0", filename=f"{folder}/one.iso")
    check(moves(machine) == [True, False] and not tray(machine), "an empty drive opens and closes for a disc")
    check("one.iso" in machine.monitor("info block ide1-cd0"), machine.monitor("info block"))
    machine.monitor(f"change ide1-cd0 {folder}/two.iso")
    check(moves(machine) == [True, False], "another disc comes in through the tray")
    refused(machine, "missing.iso", "blockdev-change-medium", device="ide1-cd0", filename=f"{folder}/missing.iso")
    check(not moves(machine) and "two.iso" in machine.monitor("info block"), "a name that is wrong leaves the disc in")
    machine.execute("eject", device="ide1-cd0")
    check(moves(machine) == [True] and tray(machine), "an ejection leaves the tray open")
    check("tray open" in machine.monitor("info block"), machine.monitor("info block"))
    refused(machine, "not removable", "eject", device="system")
    machine.monitor(f"change floppy0 {folder}/diskette.img")
    machine.monitor("eject floppy0")
    check(not moves(machine), "a floppy drive has no tray")
    tree = machine.monitor("info qtree")
    for part in ("dev: ide-hd", "drive = \"system\"", "dev: virtio-rng-pci, id \"random\"", "drive = \"more\"", "dev: pc-dimm, id \"dimm1\""):
        check(part in tree, f"{part} is not in\n{tree}")
    machine.type("x")
    machine.execute("quit")
    machine.wait()


def main():
    build, boot = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        for name, size in (("one.iso", 1 << 20), ("two.iso", 1 << 20), ("diskette.img", 1440 << 10), ("more.img", 1 << 20)):
            with open(f"{folder}/{name}", "wb") as out:
                out.truncate(size)
        with open(boot, "rb") as source, open(f"{folder}/system.img", "wb") as out:
            out.write(source.read() + bytes(1 << 20))
        with drive.Paemu(build, "-m", "128M,slots=2,maxmem=1G", "-drive", f"file={folder}/system.img,format=raw,id=system", "-drive",
                         f"file={folder}/more.img,if=virtio,format=raw,id=more", "-device", "virtio-rng-pci,id=random", "-seed", "1",
                         "-object", "memory-backend-ram,id=m1,size=128M", "-device", "pc-dimm,id=dimm1,memdev=m1",
                         "-record", f"{folder}/trace", bundled=False, timeout=60) as machine:
            use(machine, folder)
        for name in os.listdir(folder):
            if name != "trace":
                os.remove(f"{folder}/{name}")
        again = subprocess.run([f"{build}/paemu", "-replay", f"{folder}/trace", "-serial", "none", "-monitor", "none"],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        check(again.returncode == 0 and "agree" in again.stderr, f"the replay: {again}")
    print("media_test: discs come and go as the events tell, and the run replays without them")


if __name__ == "__main__":
    main()
