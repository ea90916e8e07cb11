#!/usr/bin/env python3
"""The program as its users meet it: bad input, terminals, pipes, signals and sockets. The guests are a few bytes of firmware.

usage: program_test.py PAEMU
"""
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PAEMU = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "build/paemu"

# 16-bit code, at 0xfe00 in the last 64 KiB; the reset vector jumps there.
FAST_SERIAL = bytes.fromhex("bafb03 b083 ee baf803 b001 ee bafb03 b003 ee")  # 115200 baud, 8 bits
ECHO = FAST_SERIAL + bytes.fromhex("bafd03 ec a801 74f8 b2f8 ec ee ebf2")    # wait for a byte, send it back
EXIT_5 = bytes.fromhex("ba0105 b005 ee f4")                   # 5 to the debug-exit port
HALT = bytes.fromhex("fa f4 ebfd")                            # halt with interrupts off


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="paemu-test-")
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, contents):
        with open(self.path(name), "wb") as f:
            f.write(contents)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def firmware(self, code):
        return self.file("firmware", bytes(0xe00) + code.ljust(0x1f0, b"\0") + bytes.fromhex("e90dfe").ljust(16, b"\0"))

    def start(self, *options, **streams):
        process = subprocess.Popen([PAEMU, *options], **{"stdin": subprocess.DEVNULL, **streams})
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def run_paemu(self, *options, stdin=b"", timeout=90):
        return subprocess.run([PAEMU, *options], input=stdin, capture_output=True, timeout=timeout, check=False)

    def wait_until(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(0.02)


class BadInput(Program):
    def refuse(self, *options, says):
        before = sorted(os.listdir(self.folder.name))
        done = self.run_paemu(*options)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, 2, (options, error))
        self.assertEqual(error.count("\n"), 1, error)
        self.assertTrue(error.startswith("paemu: "), error)
        self.assertIn(says, error)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(sorted(os.listdir(self.folder.name)), before)

    def test_images(self):
        elf = bytearray(256)
        struct.pack_into("<III", elf, 128, 0x1badb002, 0, 2**32 - 0x1badb002)
        elf[0:7], elf[16], elf[18], elf[44] = b"\x7fELF\x01\x01\x01", 2, 3, 1
        struct.pack_into("<I", elf, 28, 52)
        struct.pack_into("<IIIIII", elf, 52, 1, 0, 0x100000, 0x100000, 4096, 4096)
        good = self.firmware(HALT)
        self.refuse("-kernel", self.path("missing"), says="No such file")
        self.refuse("-kernel", self.folder.name, says="not a regular file")
        self.refuse("-kernel", self.file("empty", b""), says="is empty")
        self.refuse("-kernel", self.file("text", b"hello" * 100), says="nor has it a Multiboot header")
        self.refuse("-kernel", self.file("cut", elf), says="truncated")
        self.refuse("-bios", self.file("odd", b"x" * 4097), says="not a multiple of 4096")
        self.refuse("-bios", good, "-initrd", self.path("missing"), says="needs a kernel")

    def test_a_window_needs_a_screen(self):
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
            os.environ.pop(name, None)
        self.refuse("-display", "sdl", says="no window can be opened")

    def test_dimms(self):
        good = self.firmware(HALT)
        backend = ["-bios", good, "-object", "memory-backend-ram,id=m1,size=512M"]
        self.refuse("-m", "0", says="too little")
        self.refuse(*backend, "-m", "1G", "-device", "pc-dimm,id=d,memdev=m1", says="slot")
        self.refuse(*backend, "-device", "pc-dimm,id=d,memdev=m1,slot=8", says="slot 8")
        self.refuse(*backend, "-device", "pc-dimm,id=d,memdev=m1,addr=0x100001000", says="128 MiB")
        self.refuse(*backend, "-device", "pc-dimm,id=d,memdev=m1,addr=0x1000000", says="")
        self.refuse(*backend, "-device", "pc-dimm,id=boot0,memdev=m1", says="boot0")
        self.refuse("-bios", good, "-m", "1G,slots=2,maxmem=1280M", *backend[2:], "-device", "pc-dimm,id=d,memdev=m1", says="maxmem")

    def test_files_and_devices(self):
        good = self.firmware(HALT)
        self.refuse("-bios", good, "-serial", "unix:" + self.path("nobody"), says="can't connect")
        self.refuse("-bios", good, "-serial", "file:/nonexistent/log", says="can't be made")
        self.refuse("-bios", good, "-record", "/nonexistent/trace", says="can't be made")
        self.refuse("-bios", good, "-pidfile", "/nonexistent/pid", says="can't be made")
        self.refuse("-replay", self.path("missing"), says="No such file")
        self.refuse("-replay", self.file("notrace", b"x" * 1000), says="trace")


class Runs(Program):
    def test_exit_codes(self):
        done = self.run_paemu("-bios", self.firmware(EXIT_5), "-serial", "none", "-monitor", "none")
        self.assertEqual(done.returncode, 11, done.stderr)

    def test_piped_input_of_any_length_arrives_whole(self):
        text = bytes(range(32, 127)) * 45  # more than the serial port's queue holds
        process = self.start("-bios", self.firmware(ECHO), "-serial", "stdio", "-monitor", "none", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(text)
        process.stdin.close()
        got = b""
        while len(got) < len(text):
            self.assertTrue(select.select([process.stdout], [], [], 60)[0], f"{len(got)} bytes came back")
            got += os.read(process.stdout.fileno(), 65536)
        self.assertEqual(got, text)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)

    def test_closed_standard_streams_do_no_harm(self):
        command = f"exec {PAEMU} -bios {self.firmware(EXIT_5)} -record {self.path('trace')} <&- >&- 2>&-"
        self.assertEqual(subprocess.run(["sh", "-c", command], timeout=90, check=False).returncode, 11)
        self.assertEqual(self.run_paemu("-replay", self.path("trace")).returncode, 0)

    def test_a_reader_that_leaves_does_no_harm(self):
        process = self.start("-bios", self.firmware(ECHO), "-serial", "stdio", "-monitor", "none", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdout.close()
        process.stdin.write(b"hello")
        process.stdin.flush()
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.terminate()
        self.assertEqual(process.wait(60), 0)

    def test_monitor_over_a_pipe(self):
        done = self.run_paemu("-bios", self.firmware(HALT), stdin=b"\x01cinfo status\ndimm add 512M\ndimm add 100M\nfrob\nquit\n")
        self.assertEqual(done.returncode, 0)
        for text in (b"VM status: running", b"dimm1: 512M in slot 0", b"Error: size 100M", b"unknown command 'frob'"):
            self.assertIn(text, done.stdout)

    def test_recording_and_replaying_what_was_typed(self):
        trace = self.path("trace")
        done = self.run_paemu("-bios", self.firmware(HALT), stdin=f"\x01cdimm add 512M\nrecord start {trace}\ndimm add 128M\nsystem_reset\nrecord stop\nquit\n".encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        replay = self.run_paemu("-replay", trace)
        self.assertEqual(replay.returncode, 0, replay.stderr)
        self.assertIn(b"agree", replay.stderr)


class Terminal(Program):
    def test_keys_and_the_terminal_afterwards(self):
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        process = self.start("-bios", self.firmware(ECHO), stdin=slave, stdout=slave, stderr=slave)
        seen = b""

        def expect(text):
            nonlocal seen
            while text not in seen:
                self.assertTrue(select.select([master], [], [], 60)[0], seen)
                seen += os.read(master, 4096)
            seen = seen.split(text, 1)[1]

        expect(b"Ctrl-A x leaves")
        os.write(master, b"guest")
        expect(b"guest")
        os.write(master, b"\x01c")
        expect(b"(paemu) ")
        os.write(master, b"info stat\t\r")
        expect(b"VM status: running")
        os.write(master, b"\x01h")
        expect(b"Ctrl-A Ctrl-A")
        self.assertNotEqual(termios.tcgetattr(slave), before)
        os.write(master, b"\x01x")
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(termios.tcgetattr(slave), before)
        os.close(master), os.close(slave)

    def test_a_pseudo_terminal_of_ours(self):
        log = self.path("log")
        process = self.start("-bios", self.firmware(ECHO), "-serial", "pty", "-monitor", "none", "-D", log)
        self.wait_until(lambda: os.path.exists(log) and "/dev/pts/" in self.read("log"))
        name = self.read("log").split()[-1]
        terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)
        os.write(terminal, b"hello")
        got = b""
        while got != b"hello":
            self.assertTrue(select.select([terminal], [], [], 60)[0], got)
            got += os.read(terminal, 16)
        os.close(terminal)
        process.terminate()
        self.assertEqual(process.wait(60), 0)


class Sockets(Program):
    def test_qmp_over_a_socket(self):
        options = ["-S", "-qmp", f"unix:{self.path('qmp')},server=on,wait=off", "-serial", "none", "-monitor", "none", "-pidfile", self.path("pid")]
        process = self.start("-bios", self.firmware(HALT), *options)
        self.wait_until(lambda: os.path.exists(self.path("pid")))
        self.assertEqual(int(self.read("pid")), process.pid)
        for _ in range(2):  # one client after another
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.path("qmp"))
                lines = s.makefile("rb")
                self.assertIn("QMP", json.loads(lines.readline()))
                s.sendall(b'{"execute":"qmp_capabilities"}{"execute":"query-status","id":1}\r\n')
                self.assertEqual(json.loads(lines.readline()), {"return": {}})
                self.assertEqual(json.loads(lines.readline())["return"]["status"], "prelaunch")
                lines.close()
        process.terminate()
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(os.listdir(self.folder.name), ["firmware"])

    def test_a_signal_ends_the_wait_for_a_client(self):
        process = self.start("-bios", self.firmware(HALT), "-serial", f"unix:{self.path('s')},server=on", stderr=subprocess.PIPE)
        self.wait_until(lambda: os.path.exists(self.path("s")))
        process.terminate()
        self.assertEqual(process.wait(60), 2)


if __name__ == "__main__":
    unittest.main()
