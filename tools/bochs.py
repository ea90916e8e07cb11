"""Runs a firmware image in Bochs without a window: another opinion, and another speed."""
import os
import shutil
import subprocess

CONFIGURATION = """\
display_library: rfb, options="timeout=0"
romimage: file="{rom}"
vgaromimage: file="{folder}/vga.bin"
clock: sync=none
log: "{folder}/bochs.log"
speaker: enabled=0
plugin_ctrl: speaker=0, gameport=0, usb_uhci=0
{more}
"""


def option_rom():
    """An option ROM of 512 bytes that does nothing: Bochs wants one for its VGA."""
    rom = bytearray([0x55, 0xaa, 1, 0xcb]) + bytearray(508)
    rom[-1] = -sum(rom) & 0xff
    return rom


def run(rom, folder, more, seconds):
    """Run `rom` until Bochs ends, with the lines `more` in its configuration; its files go to `folder` -> what it
    printed. Raises FileNotFoundError when there is no Bochs, subprocess.TimeoutExpired after `seconds`."""
    program = shutil.which("bochs")
    if not program:
        raise FileNotFoundError("bochs is not installed")
    with open(f"{folder}/bochsrc", "w", encoding="utf-8") as configuration:
        configuration.write(CONFIGURATION.format(rom=os.path.abspath(rom), folder=folder, more=more))
    with open(f"{folder}/vga.bin", "wb") as vga:
        vga.write(option_rom())
    # Debian's build has the debugger, which waits for a command.
    with open(f"{folder}/commands", "w", encoding="utf-8") as commands:
        commands.write("c\nq\n")
    command = [program, "-q", "-f", f"{folder}/bochsrc", "-rc", f"{folder}/commands"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    return done.stdout + done.stderr
