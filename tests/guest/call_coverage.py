#!/usr/bin/env python3
"""Hold the kernel's table of system calls against the guest tests: every call is named by a test that makes it.

usage: call_coverage.py SOURCE_FOLDER
A program in tests/guest/programs says by lines "//@ name name..." which calls of guest-kernel/syscall/table.inc it tests.
"""
import pathlib
import re
import sys

# Calls that no program names, and why.
EXCEPTIONS = {
    "exit": "every program makes it",
    "exit_group": "every program makes it",
    "execve": "every test is started by it",
    "brk": "every program makes it",
    "reboot": "ends every run of these tests",
    "set_tid_address": "every program makes it at its start",
    "set_thread_area": "every program makes it at its start",
    "sigreturn": "every handler returns by it",
    "rt_sigreturn": "every handler returns by it",
    "clone3": "answers ENOSYS by design: C libraries go on with clone",
    "rseq": "answers ENOSYS by design: C libraries go on without",
    "syslog": "the script applets reads the log",
    "settimeofday": "would move the clock under the other tests",
    "clock_settime": "would move the clock under the other tests",
    "clock_settime64": "would move the clock under the other tests",
}


def main():
    root = pathlib.Path(sys.argv[1])
    table = (root / "guest-kernel/syscall/table.inc").read_text(encoding="utf-8")
    known = {name for name in re.findall(r"^SYSCALL(?:_SAME)?\(\d+, (\w+)\)$", table, re.M)}
    named = {}
    for program in sorted((root / "tests/guest/programs").glob("*.c*")):
        for line in re.findall(r"^//@ (.*)$", program.read_text(encoding="utf-8"), re.M):
            for name in line.split():
                named.setdefault(name, program.name)
    offences = [f"{name} is tested by no program" for name in sorted(known - named.keys() - EXCEPTIONS.keys())]
    offences += [f"{named[name]} names {name}, which is no system call" for name in sorted(named.keys() - known)]
    offences += [f"{name} is an exception without need" for name in sorted(EXCEPTIONS.keys() & named.keys())]
    offences += [f"the exception {name} is no system call" for name in sorted(EXCEPTIONS.keys() - known)]
    if offences:
        sys.exit("\n".join(offences))
    print(f"{len(known)} calls: {len(known & named.keys())} tested, {len(EXCEPTIONS)} exceptions")


if __name__ == "__main__":
    main()
