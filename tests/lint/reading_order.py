#!/usr/bin/env python3
"""Check that docs/READING-ORDER.md names every source file, and none that is not there.

usage: reading_order.py SOURCE_ROOT
In a row, the first name has its folder and the next ones stand in the same unless they have their own. A name without
suffix is a header or a source file or both; a folder stands for all that is in it; '*' matches as in a shell.
"""
import fnmatch
import os
import re
import sys

FOLDERS = ("abi", "base", "emu", "firmware", "guest-kernel", "tools/paetrace")
SUFFIXES = (".cpp", ".hpp", ".inc", ".S", ".asl", ".c", ".h", ".ld")


def sources(root):
    for folder in FOLDERS:
        for place, _, names in sorted(os.walk(os.path.join(root, folder))):
            yield from (os.path.relpath(os.path.join(place, name), root) for name in sorted(names) if name.endswith(SUFFIXES))


def named_paths(lines):
    for number, line in enumerate(lines, 1):
        folder = ""
        for name in re.findall(r"`([^`]*[\w*])`", line.split(" | ")[0]):
            folder = os.path.dirname(name) or folder
            if folder:
                yield number, os.path.join(folder, os.path.basename(name))


def matches(path, files):
    if path in FOLDERS or not os.path.splitext(path)[1]:
        patterns = [path + ".hpp", path + ".cpp", path + "/*", path if "*" in path else ""]
    else:
        patterns = [path]
    return {file for file in files if any(fnmatch.fnmatchcase(file, pattern) for pattern in patterns)}


def main():
    root = sys.argv[1]
    files = list(sources(root))
    offences, found = [], set()
    with open(os.path.join(root, "docs/READING-ORDER.md"), encoding="utf-8") as lines:
        for number, path in named_paths(lines):
            hits = matches(path, files)
            found |= hits
            if not hits and not os.path.exists(os.path.join(root, path)):
                offences.append(f"docs/READING-ORDER.md:{number}: there is no {path}")
    offences += [f"{path} stands in no row of docs/READING-ORDER.md" for path in files if path not in found]
    print("\n".join(offences) or f"{len(files)} files are in the reading order")
    sys.exit(1 if offences else 0)


if __name__ == "__main__":
    main()
