"""Kernel locks on files: who holds one.

Not here: taking them (resources/database, resources/running).
"""

from __future__ import annotations

from pathlib import Path


def lock_holders(path: Path) -> list[int]:
    """Processes that hold a kernel lock on the file, as /proc/locks has it; none where there is no /proc."""
    try:
        status = path.stat()
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return []
    found: set[int] = set()
    for line in lines:
        # 1: FLOCK  ADVISORY  WRITE 1234 08:01:131090 0 EOF; a waiting one has "->" in the second place
        fields = line.split()
        if len(fields) >= 6 and fields[1] != "->" and fields[5].rpartition(":")[2] == str(status.st_ino):
            found.add(int(fields[4]))
    return sorted(found - {-1})


def process_named(pid: int) -> str:
    """A process of this machine, with its command, for people."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        command = ""
    return f"process {pid} ({command.strip()[:80]})" if command else f"process {pid}"
