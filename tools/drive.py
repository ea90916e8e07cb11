"""Drive paemu from a script: its guest over the serial port, its monitor over QMP. The demo and the guest tests use it.

    with drive.Paemu(build, "-m", "1G,slots=8,maxmem=16G") as machine:
        machine.wait_for_prompt()
        print(machine.shell("free -m").text)
        machine.monitor("dimm add 512M")
"""
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PROMPT = r"(?:ido|linux):\S*# $"  # of the bundled guest's shell, and of tests/guest/linux
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|c)")


class Failure(Exception):
    """Something did not come as expected; the text says what, and what was seen last."""


class Outcome:
    """What a shell command printed, and its exit status."""

    def __init__(self, text, status):
        self.text, self.status = text, status


def patience(seconds):
    """How long to wait for what takes up to `seconds`: longer by PAEMU_PATIENCE, for slow engines and hosts."""
    return seconds * float(os.environ.get("PAEMU_PATIENCE", "1"))


class Driven:
    """A guest that runs, with its serial port and QMP on sockets."""

    def __init__(self, program, timeout, echo):
        """program(folder) -> the command line of a machine that connects to the sockets folder/serial and folder/qmp."""
        self.timeout, self.echo = patience(timeout), echo
        self.folder = tempfile.mkdtemp(prefix="paemu-")
        self.output, self.seen, self._tail = "", 0, ""
        self.events, self._id, self._buffer = [], 0, b""
        self._serial_listener = self._listen("serial")
        self._qmp_listener = self._listen("qmp")
        self.command = program(self.folder)
        self.errors = open(f"{self.folder}/stderr", "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        try:
            self.serial = self._accept(self._serial_listener)
            self.qmp = self._accept(self._qmp_listener)
            self._reply()
            self.execute("qmp_capabilities")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{self.folder}/{name}")
        listener.listen(1)
        return listener

    def _accept(self, listener):
        listener.settimeout(0.2)
        for _ in range(100):
            try:
                connection, _ = listener.accept()
                connection.settimeout(self.timeout)
                return connection
            except TimeoutError:
                if self.process.poll() is not None:
                    raise Failure(f"the emulator ended with {self.process.returncode}: {self.log()}") from None
        raise Failure("the emulator did not connect to its sockets within 20 seconds")

    def log(self):
        """What the emulator said on standard output and error."""
        self.errors.flush()
        with open(f"{self.folder}/stderr", encoding="utf-8", errors="replace") as text:
            return text.read().strip()

    # --- The guest's serial port.
    def _take_serial(self, wait):
        if not select.select([self.serial], [], [], wait)[0]:
            return False
        data = self.serial.recv(65536)
        if not data:
            raise Failure(f"the emulator closed the serial port; last lines:\n{self.output[-2000:]}\n{self.log()}")
        # Without carriage returns and the shell's cursor control; an escape sequence may come in two pieces.
        text = ESCAPES.sub("", self._tail + data.decode(errors="replace").replace("\r", ""))
        cut = text.rfind("\x1b")
        text, self._tail = (text, "") if cut < 0 else (text[:cut], text[cut:])
        self.output += text
        if self.echo:
            sys.stdout.write(text)
            sys.stdout.flush()
        return True

    def expect(self, pattern, timeout=None):
        """Wait until the guest's output since the last match holds `pattern`; returns the match."""
        end = time.monotonic() + (patience(timeout) if timeout else self.timeout)
        while True:
            found = re.search(pattern, self.output[self.seen:])
            if found:
                before = self.output[self.seen:self.seen + found.start()]
                self.seen += found.end()
                self.before = before
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise Failure(f"waited for {pattern!r} in vain; last lines:\n{self.output[-2000:]}\n{self.log()}")
            self._take_serial(min(left, 1))

    def type(self, text):
        self.serial.sendall(text.encode())

    def wait_for_prompt(self, timeout=None):
        self.expect(PROMPT, timeout)

    def shell(self, command, timeout=None):
        """Run a command in the guest's shell and wait for its end."""
        self.type(f"{command}; echo \"<<$?>>\"\n")
        found = self.expect(r"<<(\d+)>>\n", timeout)
        text = self.before.split('<<$?>>"\n', 1)[-1]  # without the echo of what was typed
        self.wait_for_prompt(timeout)
        return Outcome(text, int(found[1]))

    # --- The monitor.
    def _reply(self, wait=None):
        end = time.monotonic() + (self.timeout if wait is None else wait)
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.qmp], [], [], left)[0]:
                if wait is not None:
                    return None
                raise Failure(f"the monitor does not answer; {self.log()}")
            data = self.qmp.recv(65536)
            if not data:
                raise Failure(f"the emulator closed the monitor; {self.log()}")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def execute(self, command, **arguments):
        """A QMP command; returns its result, or raises Failure with the error's text."""
        self._id += 1
        request = {"execute": command, "id": self._id}
        if arguments:
            request["arguments"] = arguments
        self.qmp.sendall(json.dumps(request).encode() + b"\n")
        while True:
            reply = self._reply()
            if "event" in reply:
                self.events.append(reply)
            elif reply.get("id") == self._id:
                if "error" in reply:
                    raise Failure(reply["error"]["desc"])
                return reply["return"]

    def monitor(self, line):
        """An HMP command; returns what it prints."""
        return self.execute("human-monitor-command", **{"command-line": line}).replace("\r", "")

    def wait_for_event(self, name, timeout=None):
        """Wait for a QMP event, the guest's output being read meanwhile; returns its data."""
        end = time.monotonic() + (patience(timeout) if timeout else self.timeout)
        while True:
            for i, event in enumerate(self.events):
                if event["event"] == name:
                    del self.events[i]
                    return event.get("data", {})
            if time.monotonic() > end:
                raise Failure(f"the event {name} did not come; last lines:\n{self.output[-2000:]}\n{self.log()}")
            self._take_serial(0.05)
            reply = self._reply(0.05)
            if reply and "event" in reply:
                self.events.append(reply)

    # --- The end.
    def wait(self, timeout=None):
        """Wait for the emulator to end; returns its exit status."""
        end = time.monotonic() + (patience(timeout) if timeout else self.timeout)
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self._take_serial(0.1)
            except (Failure, OSError):
                time.sleep(0.05)
        if self.process.poll() is None:
            raise Failure(f"the emulator did not end; last lines:\n{self.output[-2000:]}")
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for s in ("serial", "qmp", "_serial_listener", "_qmp_listener"):
            if hasattr(self, s):
                getattr(self, s).close()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Paemu(Driven):
    def __init__(self, build, *options, echo=False, timeout=120, bundled=True):
        """Start build/paemu with `options`; bundled: boot the bundled guest unless the options say what to boot."""
        images = [] if not bundled or "-kernel" in options or "-replay" in options else [
            "-kernel", f"{build}/guest-kernel.elf", "-initrd", f"{build}/initramfs.cpio"]
        super().__init__(lambda folder: [f"{build}/paemu", *images, *options, "-serial", f"unix:{folder}/serial,server=off",
                                         "-monitor", "none", "-qmp", f"unix:{folder}/qmp,server=off"], timeout, echo)


class Qemu(Driven):
    """The bundled guest in QEMU, on a processor like ours. (QEMU 7.2 for i386 is not sound above 4 GiB; that for x86_64 is.)"""

    def __init__(self, build, *options, initramfs="initramfs.cpio", append="", echo=False, timeout=120):
        super().__init__(lambda folder: [
            "qemu-system-x86_64", "-accel", "tcg", "-cpu", "pentium3,+sse2,+nx", "-nodefaults", "-display", "none", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0x501,iosize=4", "-kernel", f"{build}/guest-kernel.elf", "-initrd", f"{build}/{initramfs}",
            "-append", f"console=ttyS0 {append}", "-chardev", f"socket,id=serial,path={folder}/serial", "-serial", "chardev:serial",
            "-chardev", f"socket,id=qmp,path={folder}/qmp", "-mon", "chardev=qmp,mode=control", *options], timeout, echo)


def resident_kib(pid):
    """The resident set of a process in KiB."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def default_build():
    return os.environ.get("PAEMU_BUILD") or os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build")
