#!/usr/bin/env python3
"""Debian's gdbserver in the bundled kernel debugs a program with threads, for a gdb on this machine, over the serial port.

usage: gdbserver_test.py BUILD_FOLDER
"""
import os
import select
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))
import drive  # noqa: E402

TIMEOUT = 120  # seconds of the host
COMMANDS = """\
set confirm off
set auto-load off
set sysroot {folder}/nothing
file {program}
target remote {socket}
break step
continue
backtrace
print place
finish
delete
watch counter
continue
delete
tbreak worker
continue
info threads
set var counter = 106
stepi
info float
continue
"""
# What gdb must say, in this order.
EXPECTED = ["Breakpoint 1.*step \\(by=1\\)", "#1 .* in main", "x = 3, y = 4", "Value returned is .* = 1", "Old value = 1", "New value = 3",
            "hit Temporary breakpoint 3, worker", "Id   Target Id", "2    Thread .* worker", "Control Word: *0x037f", "exited with code 052"]


def relay(debugger, gdb, guest):
    """Carry bytes between gdb and the guest's serial port until gdb has ended."""
    while debugger.poll() is None:
        for ready in select.select([gdb, guest], [], [], 0.2)[0]:
            data = ready.recv(65536)
            if data:
                (guest if ready is gdb else gdb).sendall(data)
            elif debugger.poll() is None:
                return


def debug(build, folder):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/gdb")
    listener.listen(1)
    with open(f"{folder}/commands", "w", encoding="utf-8") as commands:
        commands.write(COMMANDS.format(folder=folder, program=f"{build}/tests/guest/debugged", socket=f"{folder}/gdb"))
    with drive.Paemu(build, "-kernel", f"{build}/guest-kernel.elf", "-initrd", f"{build}/tests/guest/debugger.cpio", "-m", "256M", "-pace", "off", "-append",
                     'run="stty raw -echo; echo READY; /usr/bin/gdbserver /dev/ttyS0 /tests/debugged 2>/dev/null" panic=exit') as machine:
        machine.expect("READY\n.*READY\n|READY\n$")
        debugger = subprocess.Popen(["gdb", "-q", "-batch", "-nx", "-x", f"{folder}/commands"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)
        try:
            listener.settimeout(drive.patience(TIMEOUT))
            connection = listener.accept()[0]
            relay(debugger, connection, machine.serial)
            return debugger.communicate(timeout=drive.patience(TIMEOUT))[0]
        finally:
            debugger.kill()


def main():
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        said = debug(sys.argv[1], folder)
    at = 0
    for pattern in EXPECTED:
        found = drive.re.compile(pattern).search(said, at)
        if not found:
            sys.exit(f"gdb did not say {pattern!r} where it should; all of it:\n{said}")
        at = found.end()
    print("gdb debugged a program in the guest, threads and watchpoints included")


if __name__ == "__main__":
    main()
