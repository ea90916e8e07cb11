#!/usr/bin/env python3
"""Compile each header alone, with only what its folder may include.

usage: headers.py SOURCE_ROOT BUILD_ROOT
"""
import concurrent.futures
import os
import subprocess
import sys

HOST = ["g++", "-std=c++20", "-Wall", "-Wextra", "-Wno-pragma-once-outside-header", "-fsyntax-only", "-x", "c++"]
GUEST = ["-m32", "-march=i686", "-ffreestanding", "-mgeneral-regs-only", "-fno-exceptions", "-fno-rtti"]


def headers(root):
    for top in ("abi", "base", "emu", "guest-kernel", "firmware"):
        for place, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith(".hpp"):
                    yield os.path.relpath(os.path.join(place, name), root)


def command(root, build, path):
    parts = path.split("/")
    if parts[0] in ("abi", "base"):
        return [*HOST, "-I", root]
    include = ["-I", os.path.join(build, "include", parts[0], parts[1])]
    return [*HOST, *include] + (GUEST if parts[0] != "emu" else [])


def compile_alone(root, build, path):
    name = path if path.startswith(("abi", "base")) else path.split("/", 1)[1]
    done = subprocess.run([*command(root, build, path), "-"], input=f'#include "{name}"\n#include "{name}"\n', text=True, capture_output=True)
    return None if done.returncode == 0 else f"{path} does not compile alone:\n{done.stderr.strip()}"


def main():
    root, build = map(os.path.abspath, sys.argv[1:3])
    paths = list(headers(root))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        offences = [o for o in pool.map(lambda p: compile_alone(root, build, p), paths) if o]
    print("\n".join(offences) or f"{len(paths)} headers compile alone")
    sys.exit(1 if offences else 0)


if __name__ == "__main__":
    main()
