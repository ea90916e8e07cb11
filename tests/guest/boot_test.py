#!/usr/bin/env python3
"""Boot through firmware: in paemu recorded and replayed, and our firmware in QEMU too.

usage: boot_test.py BUILD_FOLDER CASE [OPTION]...     more options for paemu, as "-bios FILE" for other firmware
services IMAGE: a boot sector that calls every BIOS service (boot/services.asm); what it prints is known.
services-qemu IMAGE: the same in QEMU.
menu IMAGE: the boot menu starts the second drive.
grub disk|cd: GRUB, on an image of tools/make-image, starts Debian's kernel or the bundled one, to its shell and off again.
kernel debian|ido: the same by -kernel.
screen: what the firmware shows on the display when there is nothing to boot.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

from recorded import Failure, debian_kernel, expect, must_run, record_and_replay, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[1:1] = [f"{ROOT}/tools", f"{ROOT}/tests/guest/screen"]
import drive  # noqa: E402
import png  # noqa: E402

SECTOR, IMAGE_SIZE = 512, 8 << 20

# What the interfaces define, whatever the board; "." is any digit. The same program on SeaBIOS in QEMU says the same, but
# for its APM, laxer PCI errors and the cylinder that it keeps to itself.
EXPECTED = """
equipment=0002
memory=027f
e820=0000000000000000 000000000009fc00 1
e820=000000000009fc00 0000000000000400 2
e820 without its signature=c86
e801=-3c00 3c00
88=-fc00
a20 support=-0003
a20 is off=-0000
a20 is on=-0001
87 up=-00
87 down=-00
87 same=0000
configuration=-..fc
ebda=-9fc0
apm=c86
unknown function=c86
wait=-0002
key stored=0500
key seen=1e61
key taken=1e61
grey key seen=48e0
grey key taken=4800
no key=z
shift=0000
time=-....
date=-20......
pci=-204943500210
pci host bridge=-00
pci nobody=c86
pci bad vendor=c83
pci class=-0000
pci dword=12378086
pci odd word=c87
reset=-00
geometry=-0f3f0f01
type=-03
read=-0003
read sector 0=c
read far out=c
read nowhere=c01
extensions=-3001aa550001
extended read=-00
extended words=004d004e0002
extended read far out=c
parameters=-00
parameters size=001a
parameters sectors=00000000000040000200
parameters too small=c
extended write=-00
read back=-00
read back words=a55aa55a
disk unknown=c01
serial=6000
serial nowhere=8000
bios32=0000
pci routes=0000 70008086
kept=11112222333355555555666666667777777788888888 0000
garbage survived=0001
services=end
""".split("\n")[1:-1]


def services_image(program, path):
    """Sector n ends with the word n; the program is in the first ones."""
    with open(program, "rb") as file:
        code = file.read()
    image = bytearray(IMAGE_SIZE)
    for sector in range(IMAGE_SIZE // SECTOR):
        image[(sector + 1) * SECTOR - 2:(sector + 1) * SECTOR] = (sector & 0xFFFF).to_bytes(2, "little")
    image[:len(code)] = code
    with open(path, "wb") as file:
        file.write(image)


def check_services(output):
    lines = [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line) for line in output.split("\n")]
    missing = [line for line in EXPECTED if not any(re.fullmatch(re.escape(line).replace(r"\.", "[0-9a-f]"), seen) for seen in lines)]
    if missing:
        raise Failure(f"missing {missing} in\n{output}")
    print(f"boot_test: {len(EXPECTED)} answers of the BIOS services are as they should be")


def services(build, folder, program):
    services_image(program, f"{folder}/image")
    output, _ = record_and_replay(build, folder, ["-hda", f"{folder}/image", "-m", "256", "-vga", "none"])
    check_services(output)


def services_qemu(build, folder, program):
    services_image(program, f"{folder}/image")
    # By its own count of instructions: by the host's time, ticks get lost while the host is busy.
    _, output, _ = run(["qemu-system-i386", "-bios", f"{build}/firmware.bin", "-display", "none", "-nodefaults", "-vga", "none", "-nic", "none", "-m", "256",
                        "-serial", "stdio", "-drive", f"file={folder}/image,format=raw", "-no-reboot", "-device", "isa-debug-exit,iobase=0x501",
                        "-icount", "shift=0,sleep=off"])
    check_services(output)


DEBIAN = ["init: Linux i686", "count: 15050", "Power down"]
IDO = ["ktest: ", " 0 failed"]


def grub(build, folder, kind, *options):
    """Debian's kernel from a disk, the bundled one from a CD."""
    image = f"{folder}/image"
    if kind == "disk":
        entry = ["--linux", "Debian", debian_kernel(build), "--initrd", f"{build}/tests/guest/linux.cpio", "--append", "console=ttyS0"]
        place, wanted = ["-hda", image, "-boot", "order=c"], ["GRUB", *DEBIAN]
    else:
        entry = ["--multiboot", "ido", f"{build}/guest-kernel.elf", "--module", f"{build}/initramfs.cpio", "--append", "ktest=all panic=exit"]
        place, wanted = ["-cdrom", image, "-boot", "order=d"], IDO
    must_run([f"{ROOT}/tools/make-image", kind, image, *entry])
    expect(wanted, *record_and_replay(build, folder, [*place, "-m", "512", "-vga", "none", *options]))
    print(f"boot_test: GRUB started the kernel from the {kind}, recorded and replayed")


def kernel(build, folder, name, *options):
    if name == "debian":
        image = ["-kernel", debian_kernel(build), "-initrd", f"{build}/tests/guest/linux.cpio", "-append", "console=ttyS0"]
    else:
        image = ["-kernel", f"{build}/guest-kernel.elf", "-initrd", f"{build}/initramfs.cpio", "-append", "ktest=all panic=exit"]
    expect(DEBIAN if name == "debian" else IDO, *record_and_replay(build, folder, [*image, "-m", "512", *options]))
    print(f"boot_test: -kernel started {name}, recorded and replayed")


def menu(build, folder, program, *options):
    """Esc on the keyboard, then the second entry."""
    services_image(program, f"{folder}/image")
    with open(f"{folder}/empty.iso", "wb") as file:
        file.truncate(64 << 10)
    ask, list_of_two = "Press Esc for the boot menu", r"1\. CD .*\n 2\. hard disk .*\n"
    if "-bios" in options:
        ask, list_of_two = "Press ESC for boot menu", r"1\. DVD/CD .*\n2\. ata0-0: .*\n"
    with drive.Paemu(build, "-hda", f"{folder}/image", "-cdrom", f"{folder}/empty.iso", "-boot", "order=dc,menu=on", "-m", "64", "-vga", "none",
                     "-pace", "on", *options, bundled=False) as machine:
        machine.expect(ask, 20)
        machine.monitor("sendkey esc")
        machine.expect(list_of_two)
        machine.monitor("sendkey 2")
        machine.expect(r"Booting from [Hh]ard [Dd]isk(.|\n)*services=end")
    print("boot_test: the boot menu started the second drive")


def screen(build, folder, *options):
    """SeaBIOS writes by the display's option ROM, which is ours."""
    font = png.read_font(f"{build}/firmware/vgabios/vga_fonts.S", 16)
    picture, text = f"{folder}/screen.png", ""
    with drive.Paemu(build, "-m", "64", *options, bundled=False) as machine:
        for _ in range(60):
            machine.monitor(f"screendump {picture}")
            text = png.read_text(png.read_png(picture), font, 9, 16)
            if "No bootable device" in text:
                break
            time.sleep(0.5)
    expect(["SeaBIOS (version", "Booting from DVD/CD...", "No bootable device."], text, "")
    print("boot_test: the screen shows the firmware's text")


def main():
    build, case, *rest = sys.argv[1:]
    cases = {"services": services, "services-qemu": services_qemu, "grub": grub, "kernel": kernel, "menu": menu, "screen": screen}
    try:
        with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
            cases[case](build, folder, *rest)
    except (Failure, drive.Failure, subprocess.TimeoutExpired) as failure:
        sys.exit(f"boot_test: {case}: {failure}")


if __name__ == "__main__":
    main()
