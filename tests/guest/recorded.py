"""Guests that run by themselves to their end: recorded, and replayed to the same output."""
import glob
import subprocess

DEBIAN_KERNEL = "packages/linux-image-686-pae/boot/vmlinuz-*"


class Failure(Exception):
    """A test that failed, in one sentence."""


def run(command, timeout=1500):
    """-> exit status, what it printed without carriage returns, what it complained of."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", ""), done.stderr.decode(errors="replace")


def must_run(command):
    status, _, errors = run(command)
    if status != 0:
        raise Failure(errors.strip())


def record_and_replay(build, folder, options):
    """-> what the guest printed on its serial port, what paemu complained of; the replay must print the same."""
    trace = f"{folder}/trace"
    status, output, errors = run([f"{build}/paemu", *options, "-no-reboot", "-record", trace, "-serial", "stdio", "-monitor", "none", "-pace", "off"])
    code, replayed, more = run([f"{build}/paemu", "-replay", trace, "-serial", "stdio", "-monitor", "none"])
    if code != 0 or replayed != output:
        raise Failure(f"the replay of a run that ended with {status} differs: exit status {code}; {more}\n{output[-1000:]}\n-----\n{replayed[-1000:]}")
    return output, errors


def expect(wanted, output, errors):
    missing = [text for text in wanted if text not in output]
    if missing:
        raise Failure(f"missing {missing}; it printed ...{output[-3000:]}\n{errors}")


def debian_kernel(build):
    found = sorted(glob.glob(f"{build}/{DEBIAN_KERNEL}"))
    if not found:
        raise Failure("Debian's kernel is not in the build folder; tools/fetch-packages brings it")
    return found[-1]
