#!/usr/bin/env python3
"""Run a bare guest of the frame in other emulators and print where their lines differ from paemu's. By hand, not a test.

usage: compare.py BUILD_FOLDER NAME [qemu|bochs|kvm]... [-- OPTIONS FOR PAEMU]
The others' opinions are worth a look into the manual, no more: each is wrong somewhere.
"""
import os
import shutil
import subprocess
import sys
import tempfile

BOCHS = """\
display_library: rfb, options="timeout=0"
megs: 64
romimage: file="{rom}"
vgaromimage: file="{folder}/vga.bin"
cpu: model=p4_prescott_celeron_336, ips=4000000, reset_on_triple_fault=0
clock: sync=none
com1: enabled=1, mode=file, dev="{folder}/com1"
log: "{folder}/bochs.log"
panic: action=fatal
speaker: enabled=0
plugin_ctrl: speaker=0, gameport=0, usb_uhci=0
"""


def option_rom():
    """512 bytes that do nothing: Bochs wants a ROM for its VGA."""
    rom = bytearray([0x55, 0xaa, 1, 0xcb]) + bytearray(508)
    rom[-1] = -sum(rom) & 0xff
    return rom


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
    with open(f"{folder}/bochsrc", "w", encoding="utf-8") as configuration:
        configuration.write(BOCHS.format(rom=os.path.abspath(rom), folder=folder))
    with open(f"{folder}/vga.bin", "wb") as vga:
        vga.write(option_rom())
    # Debian's build has the debugger, which waits for a command.
    with open(f"{folder}/commands", "w", encoding="utf-8") as commands:
        commands.write("c\nq\n")
    command = [shutil.which("bochs") or sys.exit("bochs is not installed"), "-q", "-f", f"{folder}/bochsrc", "-rc", f"{folder}/commands"]
    output_of(command)
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
