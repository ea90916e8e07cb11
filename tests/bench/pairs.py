"""Measure what recording costs, and replaying: runs of one load in turn, compared within a round.

A host's other work comes and goes within seconds and shifts all runs by several percent. So each round runs all of bare,
recorded, replayed and, as a control, bare again, in an order that turns from round to round; what counts is the ratio
within a round. The median of many rounds is the figure; the quartiles, and the control's, which should be 0, say how far
to trust it.
"""
import resource
import statistics
import subprocess
import time

import drive

KINDS = ("bare", "control", "recorded", "replayed")


def timed(command, clock):
    """-> seconds, of the processor (all threads, and in the kernel) or of the host's clock."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    passed, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise drive.Failure(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return passed if clock == "host" else after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def spread(ratios):
    """-> "+1.2% (+0.3 to +2.0)": the median and the quartiles of what these are above 1."""
    low, middle, high = ((q - 1) * 100 for q in statistics.quantiles(ratios, n=4, method="inclusive"))
    return f"{middle:+.1f}% ({low:+.1f} to {high:+.1f})"


def measure(paemu, options, trace, rounds, clock):
    """Run `paemu`, the words of a command line, with `options`, which end by themselves -> of each round {"bare": seconds, "control", "recorded": ratios to
    bare, "replayed": ratio to recorded}."""
    quiet = [*paemu, "-serial", "null", "-monitor", "none"]
    live = [*quiet, "-pace", "off", "-no-reboot", *options]
    commands = {"bare": live, "control": live, "recorded": [*live, "-record", trace], "replayed": [*quiet, "-replay", trace]}
    timed(commands["recorded"], clock)  # for the first replay, and to have all files at hand
    found = {kind: [] for kind in KINDS}
    for turn in range(rounds):
        order = KINDS[turn % 4:] + KINDS[:turn % 4]
        seconds = {kind: timed(commands[kind], clock) for kind in (order if turn % 8 < 4 else reversed(order))}
        found["bare"].append(seconds["bare"])
        for kind, base in (("control", "bare"), ("recorded", "bare"), ("replayed", "recorded")):
            found[kind].append(seconds[kind] / seconds[base])
    return found


def texts(found):
    """-> the seconds of a bare run; what a control and a recorded one take more; what a replay takes more than that."""
    return [f"{statistics.median(found['bare']):.2f} s", *(spread(found[kind]) for kind in KINDS[1:])]


NOTE = ("Median (and quartiles) of what a bare run takes again and a recorded one takes more than the bare run of the same round, "
        "and a replay more than the recorded one.")
