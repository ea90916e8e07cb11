#!/usr/bin/env python3
"""What dmidecode reads in our SMBIOS structures.

usage: smbios_test.py DUMP_TABLES DMIDECODE
"""
import re
import subprocess
import sys
import tempfile

# By type: fields that one of its structures must have.
EXPECTED = [
    (1, {"Manufacturer": "paemu", "UUID": "00112233-4455-6677-8899-aabbccddeeff"}),
    (3, {"Type": "Desktop"}),
    (4, {"Manufacturer": "GenuineIntel", "Type": "Central Processor", "Current Speed": "1000 MHz"}),
    (16, {"Maximum Capacity": "64 GB", "Use": "System Memory"}),
    (17, {"Size": "1 GB", "Locator": "BOOT 0", "Form Factor": "DIMM", "Speed": "1066 MT/s", "Part Number": "boot0"}),
    (19, {"Starting Address": "0x00000000000", "Range Size": "1 GB"}),
    (32, {"Status": "No errors detected"}),
    (127, {}),
]
WITH_SLOTS = [
    (17, {"Size": "40 GB", "Locator": "DIMM 1", "Total Width": "64 bits", "Part Number": "large"}),
    (17, {"Size": "No Module Installed", "Locator": "DIMM 0"}),
    (19, {"Starting Address": "0x00100000000", "Range Size": "40 GB"}),
]


def structures(text):
    """(type, {field: value}) of each structure in dmidecode's output."""
    found = []
    for block in re.split(r"\n\n", text):
        kind = re.search(r"DMI type (\d+)", block)
        if kind:
            found.append((int(kind[1]), dict(re.findall(r"^\t([^\t:]+): (.*)$", block, re.M))))
    return found


def main():
    dump, dmidecode = sys.argv[1:]
    problems = []
    for slots in (0, 8, 256):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([dump, str(slots), folder], check=True)
            done = subprocess.run([dmidecode, "--from-dump", f"{folder}/smbios.bin"], capture_output=True, text=True, timeout=60, check=False)
        said = done.stdout + done.stderr
        problems += [f"{slots} slots: dmidecode says: {line}" for line in said.splitlines()
                     if re.search(r"bad|broken|invalid|wrong|corrupt|out of spec", line, re.I)]
        if done.returncode != 0 or "SMBIOS 2.8 present" not in said:
            problems.append(f"{slots} slots: exit status {done.returncode}: {said[:1000]}")
        found = structures(said)
        for kind, fields in EXPECTED + (WITH_SLOTS if slots else []):
            if not any(k == kind and fields.items() <= f.items() for k, f in found):
                problems.append(f"{slots} slots: no structure of type {kind} has {fields}; there are {[f for k, f in found if k == kind][:3]}")
        devices = sum(k == 17 for k, _ in found)
        if devices != slots + 1:
            problems.append(f"{slots} slots: {devices} memory devices")
    print("\n".join(problems) if problems else "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
