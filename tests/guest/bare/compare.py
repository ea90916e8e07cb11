#!/usr/bin/env python3
"""Run a bare guest of the frame in other emulators and print where their lines differ from paemu's. By hand, not a test.

usage: compare.py BUILD_FOLDER NAME [qemu|bochs|kvm]... [-- OPTIONS FOR PAEMU]
The others' opinions are worth a look into the manual, no more: each is wrong somewhere.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools"))
import bochs as other_machine  # noqa: E402

BOCHS = """\
megs: 64
cpu: model=p4_prescott_celeron_336, ips=4000000, reset_on_triple_fault=0
com1: enabled=1, mode=file, dev="{folder}/com1"
panic: action=fatal
"""


def output_of(command):
    """What a guest prints, or what it came to in 30 seconds."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False).stdout
    except subprocess.TimeoutExpired as late:
        return late.stdout or b""


def paemu(build, rom, options, _folder):
    command = [f"{build}/paemu", "-bios", rom, "-no-reboot", "-pace", "off", "-serial", "stdio", "-monitor", "none"]
    memory = [] if "-m" in options else ["-m", "64M"]
    return output_of([*command, *memory, *options])


def qemu(rom, *machine):
    command = ["qemu-system-i386", "-bios", rom, "-m", "64", "-display", "none", "-serial", "stdio", "-no-reboot", "-net", "none",
               "-device", "isa-debug-exit,iobase=0x501,iosize=1", *machine]
    return output_of(command)


def bochs(rom, folder):
    try:
        other_machine.run(rom, folder, BOCHS.format(folder=folder), seconds=30)
    except FileNotFoundError as missing:
        sys.exit(str(missing))
    except subprocess.TimeoutExpired:
        pass  # what it came to is of interest
    with open(f"{folder}/com1", "rb") as text:
        return text.read()


def by_name(output):
    """Case name -> what happened."""
    lines = (line.rstrip("\r") for line in output.decode(errors="replace").splitlines())
    return {name: got for name, _, got in (line.partition(": ") for line in lines) if got}


def main():
    arguments, _, options = " ".join(sys.argv[1:]).partition(" -- ")
    build, name, *others = arguments.split()
    rom = f"{build}/tests/guest/bare/{name}.bin"
    with tempfile.TemporaryDirectory(prefix="paemu-compare-") as folder:
        ours = by_name(paemu(build, rom, options.split(), folder))
        for other in others or ["qemu", "bochs"]:
            if other == "qemu":
                theirs = by_name(qemu(rom, "-cpu", "coreduo,+nx,+pse36" if "-cpu" not in options else "max"))
            elif other == "kvm":
                theirs = by_name(qemu(rom, "-accel", "kvm", "-cpu", "pentium3,+sse2,+nx"))
            else:
                theirs = by_name(bochs(rom, folder))
            if len(theirs) < len(ours):
                print(f"{other}: came to {len(theirs)} of {len(ours)} lines")
            same = 0
            for case, got in ours.items():
                if case not in theirs or theirs[case] == got:
                    same += case in theirs
                    continue
                print(f"{case}\n    paemu {got}\n    {other} {theirs[case]}")
            print(f"{other}: {same} of {len(ours)} lines the same")


if __name__ == "__main__":
    main()
