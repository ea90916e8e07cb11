#!/usr/bin/env python3
"""Boot a Debian 12 system from a disk image, log in, write files, power off; then look at the image, and replay.

usage: debian_disk_test.py BUILD_FOLDER
"""
import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # pylint: disable=wrong-import-position

SKIPPED = 77
PROMPT = r"root@paemu:~# $"


def work_in(guest):
    """Log in, do something, power off."""
    guest.expect(r"paemu login: $", timeout=1500)
    guest.type("root\n")
    guest.expect(PROMPT, timeout=300)
    guest.type("apt --version; seq 1 200000 >numbers; echo 'written here' >note; ls /no-such-file; poweroff\n")
    guest.expect(r"apt 2\.6\.\d+ \(i386\)", timeout=300)
    guest.expect(r"Power down", timeout=600)
    return guest.process.wait(timeout=60)


def on_image(image, name):
    return subprocess.run(["debugfs", "-R", f"cat {name}", image], capture_output=True, check=True).stdout.decode()


def check(folder, build, image):
    kernel = sorted(glob.glob(f"{build}/packages/linux-image-686-pae/boot/vmlinuz-*"))[-1]
    disk, trace = f"{folder}/disk.img", f"{folder}/trace"
    subprocess.run(["cp", "--sparse=always", image, disk], check=True)
    options = ["-kernel", kernel, "-initrd", f"{build}/tests/guest/debian_disk.cpio", "-append", "console=ttyS0 quiet",
               "-m", "512M", "-no-reboot", "-pace", "off", "-hda", disk, "-record", trace]
    with drive.Paemu(build, *options, timeout=600, bundled=False) as guest:
        status = work_in(guest)
        if status != 0:
            sys.exit(f"debian_disk_test: paemu ended with {status}: {guest.log()}")
    done = subprocess.run(["e2fsck", "-fn", disk], capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"debian_disk_test: the file system is damaged: {done.stdout.decode()}")
    numbers = "".join(f"{n}\n" for n in range(1, 200001))
    if on_image(disk, "/root/numbers") != numbers or on_image(disk, "/root/note") != "written here\n":
        sys.exit("debian_disk_test: what was written is not on the disk")
    os.remove(disk)
    replay = subprocess.run([f"{build}/paemu", "-replay", trace, "-serial", "null", "-monitor", "none"], stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=1500, check=False)
    if replay.returncode != 0:
        sys.exit(f"debian_disk_test: the replay differs: {replay.stderr.decode(errors='replace')}")
    size = os.path.getsize(trace) >> 20
    print(f"debian_disk_test: logged in, wrote, powered off; the disk is clean; replayed without it from a trace of {size} MiB")


def main():
    build = os.path.abspath(sys.argv[1])
    image = f"{build}/debian-root.img"
    made = subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), "debian_disk/make_image"), image], check=False)
    if made.returncode == SKIPPED:
        sys.exit(SKIPPED)
    if made.returncode != 0:
        sys.exit("debian_disk_test: the image could not be made")
    with tempfile.TemporaryDirectory(prefix="paemu-test-", dir=build) as folder:
        try:
            check(folder, build, image)
        except drive.Failure as failure:
            sys.exit(f"debian_disk_test: {failure}")


if __name__ == "__main__":
    main()
