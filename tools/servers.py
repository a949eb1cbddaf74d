"""See that the servers of the distributed tier are installed: ``python -m tools.servers``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from tools import postgres, redis

PACKAGES: Mapping[str, Callable[[], object]] = {
    "postgresql": postgres.server_programs,
    "redis-server": redis.server_program,
}
"""Debian's packages, and what finds the programs that they bring."""
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "SYSTEMD_OFFLINE": "1"}
"""The packages start no server of their own, be it by init scripts or by systemd: ours are private."""


def missing() -> list[str]:
    """Return the packages whose programs are not on this machine."""
    return [package for package, found in PACKAGES.items() if not found()]


def main() -> int:
    """Install what is missing where we may, else say what is needed; the exit code tells whether all is there."""
    packages = missing()
    if not packages:
        return 0
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() or not shutil.which("apt-get"):
        print(f"servers are missing; on Debian, as root: {' '.join(install)}", file=sys.stderr)
        return 2
    print(f"installing {' and '.join(packages)}", flush=True)
    for command in (["apt-get", "update"], install):  # a new machine has no list of packages, an old one an old list
        subprocess.run(command, env={**os.environ, **QUIET}, stdout=subprocess.DEVNULL, check=False)
    if left := missing():
        print(f"still missing: {', '.join(left)}; see what apt-get said above", file=sys.stderr)
    return 2 if left else 0


if __name__ == "__main__":
    sys.exit(main())
