#!/usr/bin/env python3
"""Set every mode of the VGA BIOS from a boot disk, draw in it, and compare the screen with what it was when somebody
looked at it.

usage: modes_test.py BUILD_FOLDER [--keep FOLDER]     prints a new table of pictures when they differ
"""
import subprocess
import sys
import tempfile

import png

MODE_AT = 0x1f0
TABLE = __file__.replace("modes_test.py", "pictures.txt")


def picture_of(build, boot, mode, folder):
    """Run the disk with this mode; the picture at its end."""
    disk, shown = f"{folder}/{mode:03x}.img", f"{folder}/{mode:03x}.png"
    with open(disk, "wb") as out:
        out.write(boot[:MODE_AT] + mode.to_bytes(2, "little") + boot[MODE_AT + 2:] + bytes(1 << 20))
    command = [f"{build}/paemu", "-m", "16", "-serial", "none", "-monitor", "none", "-drive", f"file={disk},format=raw,snapshot=on",
               "-display", f"png:{shown}", "-rtc", "base=0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    if done.returncode != 1:
        sys.exit(f"modes_test: mode {mode:#x}: exit status {done.returncode}: {done.stderr.decode()}")
    return png.read_png(shown)


def main():
    build = sys.argv[1]
    with open(f"{build}/tests/guest/modes.img", "rb") as image:
        boot = image.read()
    with open(TABLE, encoding="ascii") as table:
        lines = [line for line in table.read().splitlines() if line and not line.startswith("#")]
    differ, now = False, []
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as scratch:
        folder = sys.argv[3] if len(sys.argv) > 3 else scratch
        for line in lines:
            mode = int(line.split()[0], 16)
            picture = picture_of(build, boot, mode, folder)
            now.append(f"{mode:03x} {picture[0]:4} {picture[1]:4} {png.checksum(picture):08x}")
            differ = differ or now[-1].split() != line.split()
    if differ:
        sys.exit("modes_test: the pictures have changed; they are now:\n" + "\n".join(now))
    print(f"modes_test: {len(lines)} modes look as they did")


if __name__ == "__main__":
    main()
