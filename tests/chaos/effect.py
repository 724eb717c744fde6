"""What the steps of made-up plans do: each run records its effect once, under its execution's id, and ends as its script says.

It is run as a file of its own, with the standard library only: `effect.py FOLDER NAME SECONDS OUTCOME…`. The outcome of
the n-th effect is the n-th word: `ok`, `fail`, `mute`, which tells less than it owes, or `hang`, which waits until
somebody kills it; after the last one all goes well. A run that is repeated because its worker died finds its effect, and ends as before.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path


def record(folder: Path, name: str, key: str, outcomes: list[str]) -> tuple[str, dict[str, object]]:
    """Record an effect, or find it; gives the outcome that the script has for it, and what tells it from others."""
    with (folder / name).open("a+") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        ledger.seek(0)
        lines = [line.split() for line in ledger]
        keys = [line[0] for line in lines]
        if key not in keys:
            lines.append([key, os.urandom(8).hex()])
            keys.append(key)
            ledger.write(" ".join(lines[-1]) + "\n")
    with (folder / f"{name}.runs").open("a") as runs:
        runs.write(f"{key}\n")
    number = keys.index(key)
    outcome = outcomes[number] if number < len(outcomes) else "ok"
    told: dict[str, object] = {"nonce": lines[number][1]}
    return outcome, told if outcome == "mute" else {**told, "number": number}


def _main(folder: Path, name: str, seconds: float, outcomes: list[str]) -> int:
    outcome, told = record(folder, name, os.environ["HOLDFAST_EXECUTION_ID"], outcomes)
    print("::progress 1/2 working", flush=True)
    print(f"::result {json.dumps(told)}", flush=True)
    time.sleep(seconds)
    if outcome == "hang":
        unfinished = folder / f"{os.getpid()}.writing"
        unfinished.write_text(name)
        unfinished.rename(folder / f"{os.getpid()}.victim")
        while True:
            signal.pause()
    return int(outcome == "fail")


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:]))
