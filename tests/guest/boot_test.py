#!/usr/bin/env python3
"""Boot from images, by the firmware's own interrupts: in paemu recorded and replayed, and the same firmware in QEMU.

usage: boot_test.py BUILD_FOLDER services IMAGE | services-qemu IMAGE | menu IMAGE | grub disk|cd
services: a boot sector that calls every BIOS service (boot/services.asm); what it prints is known.
grub: a GRUB image of tools/make-image starts Debian's kernel, or the bundled one, to its shell and off again.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{ROOT}/tools")
import drive  # noqa: E402

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
kept=11112222333355555555666666667777777788888888 0000
garbage survived=0001
services=end
""".split("\n")[1:-1]


class Failure(Exception):
    """A test that failed, in one sentence."""


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=1500, check=False)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", ""), done.stderr.decode(errors="replace")


def record_and_replay(build, folder, options):
    """-> what the guest printed; the replay must print the same."""
    trace = f"{folder}/trace"
    status, output, errors = run([f"{build}/paemu", *options, "-no-reboot", "-record", trace, "-serial", "stdio", "-monitor", "none", "-pace", "off"])
    code, replayed, more = run([f"{build}/paemu", "-replay", trace, "-serial", "stdio", "-monitor", "none"])
    if code != 0 or replayed != output:
        raise Failure(f"the replay of a run that ended with {status} differs: exit status {code}; {more}\n{output[-1000:]}\n-----\n{replayed[-1000:]}")
    return output, errors


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
    _, output, _ = run(["qemu-system-i386", "-bios", f"{build}/firmware.bin", "-display", "none", "-nodefaults", "-vga", "none", "-nic", "none", "-m", "256",
                        "-serial", "stdio", "-drive", f"file={folder}/image,format=raw", "-no-reboot", "-device", "isa-debug-exit,iobase=0x501"])
    check_services(output)


def grub(build, folder, kind):
    """Debian's kernel from a disk, the bundled one from a CD."""
    image = f"{folder}/image"
    command = [f"{ROOT}/tools/make-image", kind, image]
    if kind == "disk":
        kernels = sorted(glob.glob(f"{build}/packages/linux-image-686-pae/boot/vmlinuz-*"))
        if not kernels:
            raise Failure("Debian's kernel is not in the build folder; tools/fetch-packages brings it")
        command += ["--linux", "Debian", kernels[-1], "--initrd", f"{build}/tests/guest/linux.cpio", "--append", "console=ttyS0"]
        wanted = ["GRUB", "init: Linux i686", "count: 15050", "Power down"]
    else:
        command += ["--multiboot", "ido", f"{build}/guest-kernel.elf", "--module", f"{build}/initramfs.cpio", "--append", "ktest=all panic=exit"]
        wanted = ["ktest: ", " 0 failed"]
    status, _, errors = run(command)
    if status != 0:
        raise Failure(errors.strip())
    option = "-hda" if kind == "disk" else "-cdrom"
    output, errors = record_and_replay(build, folder, [option, image, "-m", "512", "-vga", "none", "-boot", "order=" + ("c" if kind == "disk" else "d")])
    missing = [text for text in wanted if text not in output]
    if missing:
        raise Failure(f"missing {missing}; it printed ...{output[-3000:]}\n{errors}")
    print(f"boot_test: GRUB started the kernel from the {kind}, recorded and replayed")


def menu(build, folder, program):
    """Esc on the keyboard, then the second entry."""
    services_image(program, f"{folder}/image")
    with open(f"{folder}/empty.iso", "wb") as file:
        file.truncate(64 << 10)
    with drive.Paemu(build, "-hda", f"{folder}/image", "-cdrom", f"{folder}/empty.iso", "-boot", "order=dc,menu=on", "-m", "64", "-vga", "none",
                     "-pace", "on", bundled=False) as machine:
        machine.expect("Press Esc for the boot menu", 20)
        machine.monitor("sendkey esc")
        machine.expect(r"1\. CD .*\n 2\. hard disk .*\n")
        machine.monitor("sendkey 2")
        machine.expect(r"Booting from hard disk(.|\n)*services=end")
    print("boot_test: the boot menu started the second drive")


def main():
    build, case, *rest = sys.argv[1:]
    cases = {"services": services, "services-qemu": services_qemu, "grub": grub, "menu": menu}
    try:
        with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
            cases[case](build, folder, *rest)
    except (Failure, drive.Failure, subprocess.TimeoutExpired) as failure:
        sys.exit(f"boot_test: {case}: {failure}")


if __name__ == "__main__":
    main()
