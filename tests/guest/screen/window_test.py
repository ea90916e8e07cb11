#!/usr/bin/env python3
"""Open the window on a screen that nobody sees (Xvfb), hold it against screendump, and press a key in it.

usage: window_test.py BUILD_FOLDER
"""
import os
import struct
import subprocess
import sys
import tempfile
import time

import png

sys.path.insert(0, f"{os.path.dirname(os.path.abspath(__file__))}/../../../tools")
import drive  # noqa: E402

PATIENCE = 100  # seconds


def wait_for(what, check):
    """Ask until `check` answers something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.5)
    sys.exit(f"window_test: waited for {what} in vain")


def read_screen(path):
    """Rows of RGB bytes of Xvfb's frame buffer, a file in the format of xwd (X11/XWDFile.h) with 32 bits a pixel."""
    with open(path, "rb") as stream:
        data = stream.read()
    header, width, height, stride, colours = (struct.unpack_from(">I", data, 4 * i)[0] for i in (0, 4, 5, 12, 19))
    rows = []
    for y in range(height):
        row = data[header + 12 * colours + y * stride:][:4 * width]
        rgb = bytearray(3 * width)
        rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
        rows.append(bytes(rgb))
    return rows


def shows(screen, picture):
    """Is the picture somewhere on the screen, pixel by pixel?"""
    width, height, rows = picture
    full = next(y for y in range(height) if any(rows[y]))  # the first row that is not black
    for top in range(len(screen) - height + 1):
        at = screen[top + full].find(rows[full])
        if at >= 0 and at % 3 == 0 and all(screen[top + y][at:at + 3 * width] == rows[y] for y in range(height)):
            return True
    return False


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        reading, writing = os.pipe()
        server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-fbdir", folder],
                                  pass_fds=[writing], stderr=subprocess.DEVNULL)
        try:
            os.close(writing)
            os.environ["DISPLAY"] = ":" + os.read(reading, 16).decode().strip()
            os.environ["SDL_VIDEODRIVER"] = "x11"
            look(build, folder)
        finally:
            server.terminate()
            server.wait()
    print("window_test: the window shows the screen, and takes a key")


def xdotool(*arguments):
    done = subprocess.run(["xdotool", *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()


def look(build, folder):
    # A boot disk that halts leaves a still picture without a blinking cursor.
    with open(f"{folder}/disk.img", "wb") as disk:
        code = bytes.fromhex("b80120 b402 30ff b91020 b401 cd10 b80e41 cd10 fb f4 ebfd".replace(" ", ""))
        disk.write(code + bytes(510 - len(code)) + b"\x55\xaa" + bytes(1 << 20))
    with drive.Paemu(build, "-m", "16", "-drive", f"file={folder}/disk.img,format=raw,snapshot=on", "-display", "sdl", "-name",
                     "seen", "-record", f"{folder}/trace", bundled=False, timeout=PATIENCE) as machine:
        window = wait_for("the window", lambda: xdotool("search", "--name", "^seen"))

        def same():
            machine.monitor(f"screendump {folder}/dump.png")
            picture = png.read_png(f"{folder}/dump.png")
            return any(any(row) for row in picture[2]) and shows(read_screen(f"{folder}/Xvfb_screen0"), picture)
        wait_for("the guest's screen in the window", same)

        def arrivals():
            return int(machine.monitor("info record").rsplit(" ", 2)[-2])
        before = arrivals()
        xdotool("windowfocus", window)

        def typed():
            xdotool("key", "a")
            return arrivals() >= before + 2
        wait_for("a key that reaches the guest", typed)
        machine.execute("quit")
        status = machine.wait()
        if status != 0:
            sys.exit(f"window_test: exit status {status} after quit")


if __name__ == "__main__":
    main()
