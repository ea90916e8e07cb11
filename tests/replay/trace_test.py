#!/usr/bin/env python3
"""Record a small guest, then replay, inspect, cut and damage the trace.

usage: trace_test.py BUILD_FOLDER GUEST_IMAGE DISK_IMAGE
The guest (tests/unit/emu/board/guest.asm) is its own firmware; it echoes what is typed, 'q' ends it with status 43. The disk
(disk.asm) boots and shows what is in its sectors.
"""
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import drive  # noqa: E402

BAD_INPUT = 2


def check(condition, text):
    if not condition:
        raise drive.Failure(text)


class Tests:
    def __init__(self, build, guest, disk, folder):
        self.build, self.guest, self.disk, self.folder = build, guest, disk, folder
        self.machine = ["-bios", guest, "-m", "128M,slots=4,maxmem=4G", "-serial", "stdio", "-monitor", "none", "-pace", "off"]

    def path(self, name):
        return os.path.join(self.folder, name)

    def program(self, name, *arguments, stdin=b""):
        return subprocess.run([f"{self.build}/{name}", *arguments], input=stdin, capture_output=True, timeout=100, check=False)

    def record(self, name, keys=b"abcq"):
        trace = self.path(name)
        done = self.program("paemu", *self.machine, "-record", trace, stdin=keys)
        return trace, done

    def replay(self, trace):
        return self.program("paemu", "-replay", trace, "-serial", "stdio", "-monitor", "none")

    def refused(self, trace, *parts):
        """Replay and paetrace say one sentence with `parts` in it, and do nothing."""
        for done in (self.replay(trace), self.program("paetrace", "verify", trace), self.program("paetrace", "info", trace)):
            text = done.stderr.decode(errors="replace")
            check(done.returncode == BAD_INPUT, f"{done.args}: exit status {done.returncode}, said {text!r}")
            check(text.count("\n") == 1 and all(p in text for p in parts), f"{done.args} said {text!r}, expected {parts}")
            check(not done.stdout, f"{done.args} printed {done.stdout!r}")

    # --- The tests.
    def a_recorded_run_is_replayed(self):
        trace, done = self.record("good")
        check(done.returncode == 43, f"exit status {done.returncode}: {done.stderr}")
        again = self.replay(trace)
        check(again.returncode in (0, 43), f"replay: exit status {again.returncode}: {again.stderr}")
        check(again.stdout == done.stdout, f"replay printed {again.stdout!r}, recorded {done.stdout!r}")

    def recording_does_not_alter_the_run(self):
        trace, done = self.record("recorded", b"q")
        bare = self.program("paemu", *self.machine, stdin=b"q")
        check(bare.stdout == done.stdout and bare.returncode == done.returncode, "the runs differ")
        check(os.path.getsize(trace) > 0, "no trace")

    def paetrace_tells_what_is_in_it(self):
        trace, _ = self.record("told")
        info = self.program("paetrace", "info", trace).stdout.decode()
        for part in ("recorded by", "128M RAM, 4 slots, maxmem 4096M", "ended by      DebugExit", "SerialBytes", "RtcStart 1"):
            check(part in info, f"{part!r} is not in\n{info}")
        dump = self.program("paetrace", "dump", trace).stdout.decode()
        for part in ("Start state", "SerialBytes stream 0", "End state"):
            check(part in dump, f"{part!r} is not in\n{dump}")
        verify = self.program("paetrace", "verify", trace)
        check(verify.returncode == 0 and b"all whole; it ends at" in verify.stdout, f"verify: {verify}")

    def a_flipped_bit_is_found(self):
        trace, _ = self.record("flipped")
        with open(trace, "rb") as file:
            good = file.read()
        pick = random.Random(1)
        for at in [0, 9, 17, 30, 60, len(good) - 1] + [pick.randrange(len(good)) for _ in range(20)]:
            bad = bytearray(good)
            bad[at] ^= 1 << pick.randrange(8)
            with open(trace, "wb") as file:
                file.write(bad)
            self.refused(trace, trace)

    def another_version_is_refused(self):
        trace, _ = self.record("version")
        with open(trace, "r+b") as file:
            file.write(b"not a trace at all")
        self.refused(trace, "is not a paemu trace")

    def what_is_no_trace_is_refused(self):
        empty = self.path("empty")
        open(empty, "wb").close()
        self.refused(empty, "is empty")
        self.refused(self.path("missing"), "missing")
        self.refused(self.folder, self.folder)
        self.refused(self.guest, "is not a paemu trace")

    def a_cut_trace_replays_up_to_its_last_whole_chunk(self):
        trace, _ = self.record("cut")
        size = os.path.getsize(trace)
        os.truncate(trace, size - 1)
        again = self.replay(trace)
        check(again.returncode == 0, f"exit status {again.returncode}: {again.stderr}")
        verify = self.program("paetrace", "verify", trace)
        check(verify.returncode == 1 and b"cut off" in verify.stdout, f"verify: {verify}")
        os.truncate(trace, 100)
        self.refused(trace, "cut off before the run")

    def a_recorder_that_is_killed_leaves_a_trace(self):
        trace = self.path("killed")
        process = subprocess.Popen([f"{self.build}/paemu", *self.machine, "-record", trace], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60  # a trace can be read while it grows
        while self.checkpoints(trace) < 3 and time.monotonic() < end:
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        again = self.replay(trace)
        check(again.returncode == 0, f"exit status {again.returncode}: {again.stderr}")
        check(self.checkpoints(trace) >= 3, "too few checkpoints")

    def checkpoints(self, trace):
        return self.program("paetrace", "dump", trace).stdout.decode().count("Checkpoint")

    def a_recording_may_begin_and_end_in_mid_run(self):
        trace = self.path("middle")
        with drive.Paemu(self.build, "-bios", self.guest, "-m", "128M,slots=4,maxmem=4G", "-pace", "off", bundled=False, timeout=60) as machine:
            machine.type("x")
            machine.expect("x")
            machine.monitor("dimm add 256M")
            said = machine.monitor(f"record start {trace}")
            for key in "abc":
                machine.type(key)
                machine.expect(key)
            machine.monitor("dimm add 128M")
            machine.monitor("dimm pull dimm1")
            machine.monitor("system_reset")
            machine.type("d")
            machine.expect("d")
            machine.monitor("record stop")
            check(os.path.exists(trace), f"no trace: {said}")
        info = self.program("paetrace", "info", trace).stdout.decode()
        check("from a snapshot of" in info, info)
        for part in ("DimmInsert 1", "DimmSurprisePull 1", "Reset 1"):
            check(part in info, f"{part!r} is not in\n{info}")
        again = self.replay(trace)
        check(again.returncode == 0, f"exit status {again.returncode}: {again.stderr.decode()}")
        check(again.stdout == b"abcd", f"the replay printed {again.stdout!r}")

    def a_replay_needs_no_image(self):
        image, disc, trace = self.path("disk.img"), self.path("disc.iso"), self.path("disk.trace")
        with open(self.disk, "rb") as boot, open(image, "wb") as out:
            out.write(boot.read() + b"A" * 512 + b"B" * 512 + b"C" * 512 + bytes(1 << 20))
        with open(disc, "wb") as out:
            out.write(bytes(2048))
        serial = ["-serial", "stdio", "-monitor", "none"]
        done = self.program("paemu", "-m", "16", "-drive", f"file={image},format=raw,id=system", "-cdrom", disc, "-pace", "off",
                            *serial, "-record", trace)
        check(done.returncode == 43 and done.stdout.endswith(b"ABCWW"), f"exit status {done.returncode}: {done}")
        os.remove(image)
        os.remove(disc)
        again = self.program("paemu", "-replay", trace, *serial)
        check(again.returncode in (0, 43) and again.stdout == done.stdout, f"replay: {again}")
        info = self.program("paetrace", "info", trace).stdout.decode()
        for part in ("drive         system disk", "drive         ide1-cd0 cdrom", "of disks"):
            check(part in info, f"{part!r} is not in\n{info}")
        dump = self.program("paetrace", "dump", trace)
        check(dump.returncode == 0 and b"Blocks" in dump.stdout and b"End state" in dump.stdout, f"dump: {dump}")


def main():
    build, guest, disk = sys.argv[1:4]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="paemu-test-") as folder:
        tests = Tests(build, os.path.abspath(guest), os.path.abspath(disk), folder)
        for name in [n for n in vars(Tests) if n.split("_")[0] in ("a", "another", "paetrace", "recording", "what")]:
            try:
                getattr(tests, name)()
                print(f"ok      {name.replace('_', ' ')}", flush=True)
            except (drive.Failure, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"FAILED  {name.replace('_', ' ')}: {error}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
