"""Ends a process group when the process that started it is gone without a word, such as after SIGKILL.

It is run as a file of its own, with the standard library only: `_group_guard.py GROUP`. Its standard input is a pipe
from that process; a byte means that the group has ended, its end without one that nobody looks after the group any more.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

if __name__ == "__main__" and not os.read(0, 1):
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(int(sys.argv[1]), signal.SIGKILL)
