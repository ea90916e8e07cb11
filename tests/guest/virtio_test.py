#!/usr/bin/env python3
"""Debian's kernel with virtio devices: random numbers, a console in both directions, and a disk; recorded and replayed.

usage: virtio_test.py BUILD_FOLDER
"""
import glob
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402

TEXT = "a disk that nobody formatted"
EXPECTED = [r"found: virtio\d+ 0x0004 virtio_rng", r"found: virtio\d+ 0x0003 virtio_console", r"rng: virtio_rng\.0",
            r"random: 4096 bytes, 256 values", r'console: got "typed there"', r"PCI-MSI \S+ virtio\d+-input", r"\bend\b"]
EXPECTED_OF_DISK = [r"found: virtio\d+ 0x0002 virtio_blk", r"disk: 4096 sectors, cache write back", "disk text: " + TEXT, r"discarded", r"what was discarded is zero",
                    r"disk: what was written is read"]


def answer(listener, heard):
    """The other end of the console: hears all, and types a line when it is asked to."""
    connection, _ = listener.accept()
    typed = False
    while data := connection.recv(65536):
        heard += data
        if not typed and b"type a line" in heard:
            connection.sendall(b"typed there\n")
            typed = True


def main():
    build = sys.argv[1]
    found = sorted(glob.glob(f"{build}/packages/linux-image-686-pae/boot/vmlinuz-*"))
    if not found:
        sys.exit("virtio_test: Debian's kernel is not in the build folder; tools/fetch-packages brings it")
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        with open(f"{folder}/disk", "wb") as disk:
            disk.write(TEXT.encode().ljust(512, b"\0"))
            disk.truncate(2 << 20)
        heard = bytearray()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{folder}/console")
        listener.listen()
        threading.Thread(target=answer, args=(listener, heard), daemon=True).start()
        machine = ["-serial", "stdio", "-monitor", "none", "-pace", "off"]
        done = subprocess.run(
            [f"{build}/paemu", "-kernel", found[-1], "-initrd", f"{build}/tests/guest/virtio.cpio", "-append", "console=ttyS0", "-m", "256M",
             "-no-reboot", "-record", f"{folder}/trace", *machine, "-object", "rng-builtin,id=source", "-device", "virtio-rng-pci,rng=source",
             "-device", "virtio-serial-pci,addr=0x9", "-chardev", f"socket,id=there,path={folder}/console", "-device", "virtconsole,chardev=there",
             "-drive", f"file={folder}/disk,format=raw,if=virtio"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=drive.patience(400), check=False)
        output = done.stdout.decode(errors="replace").replace("\r", "")
        missing = [text for text in EXPECTED + EXPECTED_OF_DISK if not re.search(text, output)]
        told = bytes(heard).decode(errors="replace").replace("\r", "")
        if done.returncode != 0 or missing or "the kernel complained" in output:
            sys.exit(f"virtio_test: exit status {done.returncode}, missing {missing}; it printed ...{output[-3000:]}\n{done.stderr.decode()}")
        numbers = "".join(f"{n}\n" for n in range(1, 2001))
        if "hello from hvc0\n" + numbers not in told or "answer: typed there" not in told:
            sys.exit(f"virtio_test: the console heard ...{told[-300:]}")
        again = subprocess.run([f"{build}/paemu", "-replay", f"{folder}/trace", *machine[:4], "-chardev", f"file,id=there,path={folder}/heard",
                                "-device", "virtconsole,chardev=there"], stdin=subprocess.DEVNULL, capture_output=True, timeout=drive.patience(400), check=False)
        with open(f"{folder}/heard", "rb") as file:
            replayed = file.read()
        if again.returncode != 0 or again.stdout != done.stdout or replayed != bytes(heard):
            sys.exit(f"virtio_test: the replay differs: exit status {again.returncode}; {again.stderr.decode()}")
    print("virtio_test: Debian's drivers used the devices, recorded and replayed")


if __name__ == "__main__":
    main()
