"""How much memory there is, asked before much of it is taken: Linux grants what it has not, and kills later."""

from __future__ import annotations

import os


def free_bytes() -> int | None:
    """Bytes that programs can still have, None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def gigabytes(count: float) -> str:
    """A number of bytes in words."""
    return f"{count / 1e9:.1f} GB"
