"""What is in a wheel and in an sdist: what must be there, what must not, and whether two are the same."""

from __future__ import annotations

import configparser
import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable
from email.parser import Parser
from pathlib import Path

from tools.settings import ROOT
from topview_provider import __version__
from topview_provider.provider_info import PACKAGE

STRAY = re.compile(r"(^|/)(tests?|__pycache__|\.git|\.demo|build|docs|tools|benchmarks)(/|$)|\.(pyc|pyo|log|db|orig)$")
NOT_SHIPPED = ("__pycache__", ".pyc")


class Wrong(Exception):
    """Say what is wrong with a package."""


def setup() -> configparser.ConfigParser:
    """Return what ships, as setup.cfg puts it."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def check_wheel(wheel: Path, package: Path) -> None:
    """
    Look into a wheel.

    :param wheel: The file.
    :param package: Folder of the package from which it was made: each of its files must be there.
    :raises Wrong: Something is missing, or should not be there, or the metadata say something else than setup.cfg.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (info,) = {name.partition("/")[0] for name in names if ".dist-info/" in name}
        metadata = archive.read(f"{info}/METADATA").decode()
        points = archive.read(f"{info}/entry_points.txt").decode()
    wanted = _shipped(package)
    _nothing_stray(names)
    _all_there(names, wanted)
    unknown = sorted(name for name in names - wanted if not name.startswith(f"{info}/"))
    if unknown:
        raise Wrong(f"not of the package: {', '.join(unknown)}")
    _says(metadata)
    _leads(points)


def check_sdist(sdist: Path, package: Path) -> None:
    """
    Look into an sdist.

    :param sdist: The file.
    :param package: Folder of the package from which it was made: each of its files must be there.
    :raises Wrong: Something is missing, or should not be there.
    """
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    _nothing_stray(names)
    _all_there(names, {"setup.cfg", "pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} | _shipped(package))


def same(first: Path, second: Path) -> None:
    """
    Compare two files.

    :param first: One.
    :param second: The other.
    :raises Wrong: They differ.
    """
    if digest(first) != digest(second):
        raise Wrong(f"{first.name}: two builds of the same commit differ")


def digest(path: Path) -> str:
    """
    Return the SHA-256 of a file.

    :param path: The file.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def settle(sdist: Path, moment: int) -> None:
    """
    Write an sdist again in a fixed order, with fixed times, modes and owners: setuptools keeps those of the disk.

    :param sdist: The file.
    :param moment: Seconds since 1970.
    """
    packed = io.BytesIO()
    with tarfile.open(sdist) as source, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as target:
        for member in sorted(source.getmembers(), key=lambda each: each.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = moment, 0, 0, "", ""
            member.mode, member.pax_headers = 0o755 if member.isdir() else 0o644, {}
            target.addfile(member, source.extractfile(member))
    sdist.write_bytes(gzip.compress(packed.getvalue(), mtime=moment))


def _shipped(package: Path) -> set[str]:
    source = {f"{package.name}/{path.relative_to(package)}" for path in package.rglob("*") if path.is_file()}
    return {name for name in source if not any(part in name for part in NOT_SHIPPED)}


def _nothing_stray(names: Iterable[str]) -> None:
    stray = sorted(name for name in names if STRAY.search(name))
    if stray:
        raise Wrong(f"should not be in the package: {', '.join(stray)}")


def _all_there(names: set[str], wanted: set[str]) -> None:
    missing = sorted(wanted - names)
    if missing:
        raise Wrong(f"missing: {', '.join(missing)}")


def _says(metadata: str) -> None:
    """Compare the metadata with setup.cfg."""
    said, written = Parser().parsestr(metadata), setup()
    required = {_plain(line) for line in said.get_all("Requires-Dist", []) if "extra ==" not in line}
    pairs = {
        "Name": (said["Name"], PACKAGE),
        "Version": (said["Version"], __version__),
        "Requires-Python": (said["Requires-Python"], written["options"]["python_requires"]),
        "License-Expression": (said["License-Expression"], written["metadata"]["license_expression"]),
        "Requires-Dist": (required, {_plain(line) for line in written["options"]["install_requires"].split()}),
        "Description": ("# TopView provider" in metadata, True),
    }
    differing = [f"{name}: {found!r}, not {wanted!r}" for name, (found, wanted) in pairs.items() if found != wanted]
    if differing:
        raise Wrong(f"the metadata say {'; '.join(differing)}")


def _leads(points: str) -> None:
    """Compare the entry points with setup.cfg."""
    found = configparser.ConfigParser()
    found.read_string(points)
    wanted = {
        section: dict(line.split(" = ") for line in lines.strip().splitlines())
        for section, lines in setup()["options.entry_points"].items()
    }
    if {name: dict(found[name]) for name in found.sections()} != wanted:
        raise Wrong(f"the entry points are {points!r}, not {wanted!r}")


def _plain(requirement: str) -> str:
    return requirement.replace(" ", "").lower()
