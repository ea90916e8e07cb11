#!/usr/bin/env python3
"""Keep source files small enough to hold in mind: at most 600 lines, tables (.inc) aside.

usage: sizes.py SOURCE_ROOT
"""
import os
import sys

MOST = 600
SUFFIXES = (".cpp", ".hpp", ".h", ".S", ".c", ".py", ".asl")


def main():
    root = sys.argv[1]
    offences = []
    for top in ("abi", "base", "emu", "firmware", "guest-kernel", "tools", "tests"):
        for place, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                path = os.path.join(place, name)
                if not name.endswith(SUFFIXES):
                    continue
                with open(path, encoding="utf-8") as lines:
                    count = sum(1 for _ in lines)
                if count > MOST:
                    offences.append(f"{os.path.relpath(path, root)}: {count} lines; split it by family ({MOST} at most)")
    print("\n".join(sorted(offences)) or "all files are small enough")
    sys.exit(1 if offences else 0)


if __name__ == "__main__":
    main()
