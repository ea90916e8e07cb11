#!/usr/bin/env python3
"""Open the window on a screen that nobody sees (Xvfb), do in it all that docs/display.md says, close it, and replay.

usage: window_test.py BUILD_FOLDER BOOT_DISK     (window.asm, which tells by the serial port what it hears)
"""
import ctypes
import os
import re
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


def xdotool(*arguments):
    done = subprocess.run(["xdotool", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()


class Screen:
    """Xvfb with a window manager: without one there is no full screen."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []

    def __enter__(self):
        reading, writing = os.pipe()
        self.start(["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-fbdir", self.folder], pass_fds=[writing])
        os.close(writing)
        os.environ["DISPLAY"] = ":" + os.read(reading, 16).decode().strip()
        os.environ["SDL_VIDEODRIVER"] = "x11"
        with open(f"{self.folder}/jwmrc", "w", encoding="ascii") as settings:
            settings.write("<JWM></JWM>")
        self.start(["jwm", "-f", f"{self.folder}/jwmrc"])
        return self

    def start(self, command, **options):
        self.processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, **options))

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()

    def rows(self):
        return read_screen(f"{self.folder}/Xvfb_screen0")

    def put_on_clipboard(self, text):
        """A program of its own that answers whoever asks for the clipboard."""
        self.start([sys.executable, "-c", (
            "import ctypes, sys, time; sdl = ctypes.CDLL('libSDL2-2.0.so.0'); sdl.SDL_Init(0x20);"
            "sdl.SDL_CreateWindow(b'owner', 0, 0, 8, 8, 8); sdl.SDL_SetClipboardText(sys.argv[1].encode())\n"
            "while True: sdl.SDL_PumpEvents(); time.sleep(0.05)"), text],
                   env={**os.environ, "SDL_NO_SIGNAL_HANDLERS": "1"})


def close_window(window):
    """What a window manager sends when the close button is clicked (ICCCM, 4.2.8.1)."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))

    class ClientMessage(ctypes.Structure):
        _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int), ("display", ctypes.c_void_p),
                    ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong), ("format", ctypes.c_int), ("data", ctypes.c_long * 5),
                    ("rest_of_the_union", ctypes.c_long * 12)]
    protocols, delete = (x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
    message = ClientMessage(33, 0, 1, display, window, protocols, 32, (ctypes.c_long * 5)(delete))
    x11.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(message))
    x11.XCloseDisplay(display)


class Session:
    def __init__(self, machine, screen, name):
        self.machine, self.screen = machine, screen
        self.window = wait_for("the window", lambda: xdotool("search", "--name", f"^{name}"))
        xdotool("mousemove", 1023, 767)  # the pointer is part of the picture
        xdotool("windowfocus", self.window)

    def title(self):
        return xdotool("getwindowname", self.window)

    def size(self):
        return re.search(r"Geometry: (\d+x\d+)", xdotool("getwindowgeometry", self.window))[1]

    def arrivals(self):
        return int(self.machine.monitor("info record").rsplit(" ", 2)[-2])

    def wait_for_picture(self, what):
        dump = f"{self.screen.folder}/dump.png"

        def same():
            self.machine.monitor(f"screendump {dump}")
            picture = png.read_png(dump)
            return any(any(row) for row in picture[2]) and shows(self.screen.rows(), picture)
        wait_for(f"the guest's screen in {what}", same)

    def use_the_keyboard(self):
        def typed():
            xdotool("key", "a")
            return self.machine.output.endswith("a") or (self.machine._take_serial(1) and self.machine.output.endswith("a"))
        wait_for("a key that reaches the guest", typed)

    def use_the_mouse(self):
        xdotool("mousemove", "--window", self.window, 300, 200)
        # The click that takes the mouse is not the guest's.
        wait_for("the mouse to be taken", lambda: xdotool("click", 1) or "releases" in self.title())
        for do, expected in ((("mousemove_relative", "--", 15, 0), "0r0"), (("mousemove_relative", "--", 0, 9), "00d"),
                             (("mousedown", 1), "100"), (("mousedown", 3), "300"), (("mouseup", 1), "200"), (("mouseup", 3), "000")):
            xdotool(*do)
            self.machine.expect(expected)
        wait_for("the mouse to be given back", lambda: xdotool("key", "ctrl+alt+g") or "releases" not in self.title())
        before = self.arrivals()
        xdotool("mousemove", 1023, 767)
        time.sleep(0.5)
        if self.arrivals() != before:
            sys.exit("window_test: the guest's mouse moves though it was given back")

    def use_full_screen(self):
        xdotool("windowfocus", self.window)
        wait_for("full screen", lambda: self.size() == "1024x768" or xdotool("key", "ctrl+alt+f"))
        self.wait_for_picture("full screen")
        wait_for("the window as it was", lambda: self.size() == "720x400" or xdotool("key", "ctrl+alt+f"))

    def paste(self):
        self.screen.put_on_clipboard("a Pasted (line)\n")

        def pasted():
            xdotool("key", "ctrl+alt+v")
            return self.machine._take_serial(2) and "a Pasted (line)" in self.machine.output
        wait_for("what was pasted", pasted)


def record(build, disk, screen):
    with drive.Paemu(build, "-m", "16", "-drive", f"file={disk},format=raw,snapshot=on", "-display", "sdl", "-name", "seen",
                     "-record", f"{screen.folder}/trace", bundled=False, timeout=PATIENCE) as machine:
        machine.expect(">")
        session = Session(machine, screen, "seen")
        session.wait_for_picture("the window")
        session.use_the_keyboard()
        session.use_the_mouse()
        session.use_full_screen()
        session.paste()
        machine.monitor("stop")
        wait_for("the title to tell of a pause", lambda: "[paused]" in session.title())
        machine.monitor("cont")
        close_window(int(session.window))
        if (status := machine.wait()) != 0:
            sys.exit(f"window_test: exit status {status} after the window was closed")
        return machine.output


def replay(build, screen, recorded):
    """In a window that is full screen from the start; nothing that is typed there counts."""
    trace = f"{screen.folder}/trace"
    with drive.Paemu(build, "-replay", trace, "-display", "sdl", "-full-screen", "-name", "again", "-S", timeout=PATIENCE) as machine:
        session = Session(machine, screen, "again")
        wait_for("full screen from the start", lambda: session.size() == "1024x768")
        machine.execute("cont")
        xdotool("key", "z")
        status = machine.wait()
        if status != 0 or "agree" not in machine.log() or machine.output != recorded:
            sys.exit(f"window_test: the replay ended with {status}: {machine.log()}; it printed {machine.output!r}, not {recorded!r}")


def main():
    build, boot = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder, Screen(folder) as screen:
        disk = f"{folder}/disk.img"
        with open(boot, "rb") as source, open(disk, "wb") as out:
            out.write(source.read() + bytes(1 << 20))
        replay(build, screen, record(build, disk, screen))
    print("window_test: the window shows the screen, takes keys, mouse and pastes, and its run is replayed")


if __name__ == "__main__":
    main()
