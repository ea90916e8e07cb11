#!/usr/bin/env python3
"""Full-screen programs on the guest's serial console: BusyBox's vi edits a file, Debian's top and BusyBox's take keys.

usage: console_test.py BUILD_FOLDER
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402

ESCAPE, PAGE_DOWN, ARROW_DOWN, ARROW_RIGHT = "\x1b", "\x1b[6~", "\x1b[B", "\x1b[C"


def command_mode(machine):
    """A lone ESC is one only when nothing comes after it at once: the status line says when vi took it."""
    machine.type(ESCAPE)
    machine.expect("(?s)I /tmp/poem.*- /tmp/poem")


def edit(machine):
    """vi: insert, move by arrow keys and by commands, replace, yank, put, undo, search, save."""
    machine.type("stty rows 24 cols 80; vi /tmp/poem\n")
    machine.expect("poem")
    machine.type("ifirst line\nsecond line\nthird line")
    command_mode(machine)
    machine.type("1G" + ARROW_DOWN + ARROW_RIGHT)
    machine.type("cwECOND")
    command_mode(machine)
    machine.type("yyGp")             # the second line again at the end
    machine.type("/third\n" + "x")   # and the third without its first letter
    machine.type("1Gddu")            # the first goes and comes back
    machine.type(":%s/line/row/\n")
    machine.type(":wq\n")
    machine.wait_for_prompt()
    text = machine.shell("cat /tmp/poem").text
    if text != "first row\nsECOND row\nhird row\nsECOND row\n":
        raise drive.Failure(f"vi wrote {text!r}")


def look(machine, top):
    """top shows itself among the processes, again at a key, and ends at q."""
    machine.type(f"TERM=linux {top} -d 30\n")
    machine.expect(r"\d+ root .*top")
    machine.type(" ")
    machine.expect(r"\d+ root .*top")
    machine.type("q")
    machine.wait_for_prompt()
    if machine.shell("stty -a").text.find(" echo ") < 0:
        raise drive.Failure(f"{top} did not give the terminal back as it was")


def main():
    build = sys.argv[1]
    with drive.Paemu(build, "-initrd", f"{build}/tests/guest/debian.cpio", "-kernel", f"{build}/guest-kernel.elf", "-m", "256M", timeout=15) as machine:
        machine.wait_for_prompt()
        edit(machine)
        machine.shell("seq 1 200 > /tmp/numbers")
        machine.type("less /tmp/numbers\n")
        machine.expect("22\n")
        machine.type(PAGE_DOWN)
        machine.expect("44\n")
        machine.type("q")
        machine.wait_for_prompt()
        for top in ("/bin/top", "/debian/usr/bin/top"):
            look(machine, top)
        machine.type("poweroff -f\n")
        if machine.wait() != 0:
            raise drive.Failure(f"paemu ended with {machine.process.returncode}: {machine.log()}")
    print("vi, less and two kinds of top did what was typed")


if __name__ == "__main__":
    main()
