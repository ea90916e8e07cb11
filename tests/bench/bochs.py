"""The benchmark's ROM in Bochs, for comparison."""
import os
import resource
import shutil
import subprocess

CONFIGURATION = """\
display_library: rfb, options="timeout=0"
megs: 32
romimage: file="{rom}"
vgaromimage: file="{folder}/vga.bin"
cpu: model=p4_prescott_celeron_336, ips=100000000
clock: sync=none
log: "{folder}/bochs.log"
speaker: enabled=0
plugin_ctrl: speaker=0, gameport=0, usb_uhci=0
"""


def make_option_rom():
    """An option ROM of 512 bytes that does nothing: Bochs wants one for its VGA."""
    rom = bytearray([0x55, 0xaa, 1, 0xcb]) + bytearray(508)
    rom[-1] = -sum(rom) & 0xff
    return rom


def processor_seconds():
    """What all children that have ended took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(rom, folder):
    """Run the ROM until it asks for the end -> (seconds of processor time, None), or (None, why not)."""
    program = shutil.which("bochs")
    if not program:
        return None, "not installed"
    with open(f"{folder}/bochsrc", "w", encoding="utf-8") as configuration:
        configuration.write(CONFIGURATION.format(rom=os.path.abspath(rom), folder=folder))
    with open(f"{folder}/vga.bin", "wb") as option_rom:
        option_rom.write(make_option_rom())
    # Debian's build has the debugger, which waits for a command.
    with open(f"{folder}/commands", "w", encoding="utf-8") as commands:
        commands.write("c\nq\n")
    before = processor_seconds()
    try:
        done = subprocess.run([program, "-q", "-f", f"{folder}/bochsrc", "-rc", f"{folder}/commands"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return None, "did not end"
    if b"shutdown requested" not in done.stdout + done.stderr:
        return None, "could not run the ROM"
    return processor_seconds() - before, None
