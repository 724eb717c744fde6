"""A program that an agent starts must not outlive its worker: who else would stop it?"""

from __future__ import annotations

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1
# Loaded here, once: between fork and exec nothing may be loaded.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Between fork and exec: ask the kernel to kill this process when its parent dies.

    Linux only; elsewhere the program runs on, and the fence refuses what it would write.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
