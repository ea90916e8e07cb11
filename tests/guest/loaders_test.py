#!/usr/bin/env python3
"""Boot loaders that others wrote, on media made here: SYSLINUX and ISOLINUX, which read by int 13h as DOS does.

usage: loaders_test.py BUILD_FOLDER CASE [OPTION]...     more options for paemu
disk: SYSLINUX on a FAT file system of a hard disk starts the bundled kernel, recorded and replayed.
cd: ISOLINUX does.
cd-disk: the disk of the first as an El Torito image that the firmware passes for a hard disk.
cd-floppy: the floppy of the next so; Memtest86+ starts, recorded and replayed.
memtest: SYSLINUX on a floppy starts Memtest86+ by the 16-bit protocol, which does a whole pass without an error, recorded and replayed.
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

from recorded import Failure, expect, must_run, record_and_replay, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, f"{ROOT}/tools")
import drive  # noqa: E402

SYSLINUX = "/usr/lib/syslinux"
MEMTEST = "/boot/memtest86+ia32.bin"
FIRST_PARTITION, DISK_SECTORS = 2048, 32 * 2048
IDO = ["SERIAL 0 115200", "DEFAULT mboot.c32 ido.elf ktest=all panic=exit --- initramfs.cpio"]
MEMORY = ["SERIAL 0 115200", "DEFAULT memory", "LABEL memory", "  LINUX memtest", "  APPEND console=ttyS0,115200 nopause"]


def ido_files(build):
    modules = {name: f"{SYSLINUX}/modules/bios/{name}" for name in ("ldlinux.c32", "mboot.c32", "libcom32.c32")}
    return {"ido.elf": f"{build}/guest-kernel.elf", "initramfs.cpio": f"{build}/initramfs.cpio", **modules}


def write_lines(path, lines):
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    return path


def copy_to_fat(image, files):
    for name, source in files.items():
        must_run(["mcopy", "-o", "-i", image, source, f"::/{name}"])


def make_floppy(folder):
    image = f"{folder}/floppy.img"
    must_run(["mformat", "-C", "-f", "1440", "-i", image, "::"])
    must_run(["syslinux", "--install", image])
    copy_to_fat(image, {"syslinux.cfg": write_lines(f"{folder}/syslinux.cfg", MEMORY), "memtest": MEMTEST})
    return image


def make_disk(build, folder):
    image = f"{folder}/disk.img"
    with open(f"{SYSLINUX}/mbr/mbr.bin", "rb") as file:
        code = file.read()
    partition = struct.pack("<B3sB3sII", 0x80, b"\x20\x21\x00", 6, b"\xfe\xff\xff", FIRST_PARTITION, DISK_SECTORS - FIRST_PARTITION)
    with open(image, "wb") as file:
        file.write(code.ljust(446, b"\0") + partition.ljust(64, b"\0") + b"\x55\xaa")
        file.truncate(DISK_SECTORS * 512)
    at = f"{image}@@{FIRST_PARTITION * 512}"
    must_run(["mformat", "-i", at, "-T", str(DISK_SECTORS - FIRST_PARTITION), "-h", "16", "-s", "63", "-H", str(FIRST_PARTITION), "::"])
    must_run(["syslinux", "--install", "--offset", str(FIRST_PARTITION * 512), image])
    copy_to_fat(at, {"syslinux.cfg": write_lines(f"{folder}/syslinux.cfg", IDO), **ido_files(build)})
    return image


def make_cd(folder, files, *boot):
    """boot: xorriso's options about the boot image, which is one of the files."""
    content = f"{folder}/content"
    os.makedirs(content)
    for name, source in files.items():
        shutil.copyfile(source, f"{content}/{name}")
    must_run(["xorriso", "-as", "mkisofs", "-o", f"{folder}/image.iso", "-R", *boot, "-c", "boot.cat", content])
    return ["-cdrom", f"{folder}/image.iso", "-boot", "order=d"]


def starts_ido(build, folder, place, options):
    expect(["LINUX", "ktest: ", " 0 failed"], *record_and_replay(build, folder, [*place, "-m", "512", *options]))
    print("loaders_test: it started the bundled kernel, recorded and replayed")


def disk(build, folder, *options):
    starts_ido(build, folder, ["-hda", make_disk(build, folder)], options)


def cd(build, folder, *options):
    files = {**ido_files(build), "isolinux.bin": "/usr/lib/ISOLINUX/isolinux.bin", "isolinux.cfg": write_lines(f"{folder}/isolinux.cfg", IDO)}
    place = make_cd(folder, files, "-b", "isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table")
    starts_ido(build, folder, place, options)


def cd_disk(build, folder, *options):
    starts_ido(build, folder, make_cd(folder, {"disk.img": make_disk(build, folder)}, "-b", "disk.img", "-hard-disk-boot"), options)


def tests_memory(build, folder, place, until, options):
    """Memtest86+ runs until its screen says `until`, which is found again in the replay."""
    trace = f"{folder}/trace"
    with drive.Paemu(build, *place, "-m", "16", "-pace", "off", "-record", trace, *options, bundled=False) as machine:
        machine.expect(r"SYSLINUX .*\nLoading memtest\.\.\. ok")
        machine.expect(until, 1500)
        output = machine.output
        machine.execute("quit")
        machine.wait()
    status, replayed, errors = run([f"{build}/paemu", "-replay", trace, "-serial", "stdio", "-monitor", "none"])
    if status != 0 or not re.search(until, drive.ESCAPES.sub("", replayed)):
        raise Failure(f"the replay differs: exit status {status}; {errors}")
    if not re.search(r"15\.\d+MB \[1[12]\.\d+MB of 15\.\d+MB\]", output):
        raise Failure(f"Memtest86+ did not find the memory: {output[:2000]}")


def cd_floppy(build, folder, *options):
    tests_memory(build, folder, make_cd(folder, {"floppy.img": make_floppy(folder)}, "-b", "floppy.img"), r"Time:  0:00:0[2-9]", options)
    print("loaders_test: Memtest86+ started from a floppy's image on a CD, recorded and replayed")


def memtest(build, folder, *options):
    # Most of a pass is a wait of 160 s for bits to fade.
    tests_memory(build, folder, ["-fda", make_floppy(folder)], r"Pass:  1 +Errors: 0", options)
    print("loaders_test: Memtest86+ passed once without an error, recorded and replayed")


def main():
    build, case, *options = sys.argv[1:]
    cases = {"disk": disk, "cd": cd, "cd-disk": cd_disk, "cd-floppy": cd_floppy, "memtest": memtest}
    os.environ.update(MTOOLS_SKIP_CHECK="1", MTOOLSRC="/dev/null")
    try:
        with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
            cases[case](build, folder, *options)
    except (Failure, drive.Failure, subprocess.TimeoutExpired) as failure:
        sys.exit(f"loaders_test: {case}: {failure}")


if __name__ == "__main__":
    main()
