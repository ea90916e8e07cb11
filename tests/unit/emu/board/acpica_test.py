#!/usr/bin/env python3
"""What ACPICA, which most systems use, says of our tables: iasl takes them apart, acpiexec runs their methods.

usage: acpica_test.py DUMP_TABLES IASL [ACPIEXEC]
"""
import os
import subprocess
import sys
import tempfile

# Not \\_SB.PCI0._PRT: its 128 rows are more than the 16 KiB that acpiexec has room for.
METHODS = ["\\_S5", "\\_GPE._E03", "\\_SB.MHPC.MP00._STA", "\\_SB.MHPC.MP00._CRS", "\\_SB.MHPC.MP00._PXM",
           "\\_SB.MHPC.MP00._UID", "\\_SB.COM1._STA", "\\_SB.COM1._CRS", "\\_SB.SYSR._CRS",
           "\\_SB.COM2._CRS", "\\_SB.KBD._CRS", "\\_SB.MOU._CRS", "\\_SB.PCI0._CRS", "\\_SB.LNKA._CRS",
           "\\_SB.LNKA._PRS", "\\_SB.LNKD._STA", "\\_SB.LNKC._DIS"]
COMPLAINTS = ["error", "warning", "exception", "invalid", "incorrect", "unknown", "ae_"]


def complaints(text):
    """The lines that complain, less ACPICA's own notes on how it is run."""
    harmless = ["error(s)", "0 errors", "no ", "external", "outstanding"]
    return [line for line in text.splitlines()
            if any(word in line.lower() for word in COMPLAINTS) and not any(word in line.lower() for word in harmless)]


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    dump, iasl, *rest = sys.argv[1:]
    problems = []
    for slots in (1, 8, 256):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([dump, str(slots), folder], check=True)
            for table in ("DSDT", "SSDT", "FACP", "FACS", "APIC", "HPET", "SRAT", "RSDT"):
                others = {"DSDT": ["-e", "SSDT.aml"], "SSDT": ["-e", "DSDT.aml"]}.get(table, [])
                code, said = run(folder, iasl, *others, "-d", table + ".aml")
                if code != 0 or not os.path.exists(os.path.join(folder, table + ".dsl")):
                    problems.append(f"{slots} slots: iasl does not disassemble {table}:\n{said}")
                    continue
                with open(os.path.join(folder, table + ".dsl"), encoding="utf-8") as file:
                    text = file.read()
                problems += [f"{slots} slots: {table}: {line}" for line in text.splitlines()
                             if "invalid" in line.lower() or "incorrect checksum" in line.lower()]
                if table == "SSDT" and text.count("Device (MP") != slots:
                    problems.append(f"{slots} slots: {text.count('Device (MP')} devices in the SSDT")
            if rest:
                script = ";".join([f"evaluate {m}" for m in METHODS] + ["quit"])
                code, said = run(folder, rest[0], "-b", script, "DSDT.aml", "SSDT.aml")
                bad = complaints(said)
                if code != 0 or bad:
                    problems.append(f"{slots} slots: acpiexec: exit {code}: " + "\n".join(bad))
    print("\n".join(problems) if problems else "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
