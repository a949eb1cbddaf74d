"""
``make build``: the wheel and the sdist in ``dist``, built twice from a clean copy, and looked into.

The same commit gives the same bytes: times are those of the commit (or of ``SOURCE_DATE_EPOCH``), modes and owners are
fixed, setuptools is the one of ``constraints/build.txt`` (its version stands in the wheel), and nothing that lies about
in the checkout gets in. The wheel is built from the sdist, which so proves that it can be built from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from tools import contents
from tools.contents import Wrong
from tools.settings import ROOT

SOURCES = ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "topview_provider")
PINS = ROOT / "constraints" / "build.txt"


@dataclass(frozen=True)
class Package:
    """
    What is uploaded.

    :param wheel: The file that is installed.
    :param sdist: The file from which it can be built.
    """

    wheel: Path
    sdist: Path


def build(target: Path) -> Package:
    """
    Build both and prove them.

    :param target: Folder; made anew.
    :raises Wrong: Something is in there that should not be, or is not there, or a second build differs.
    """
    with tempfile.TemporaryDirectory() as scratch:
        first, second = (_built(Path(scratch) / name) for name in ("first", "second"))
        contents.same(first.wheel, second.wheel)
        contents.same(first.sdist, second.sdist)
        contents.check_wheel(first.wheel, ROOT / "topview_provider")
        contents.check_sdist(first.sdist, ROOT / "topview_provider")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        return Package(*(Path(shutil.copy2(path, target)) for path in (first.wheel, first.sdist)))


def epoch() -> int:
    """Return the moment that files in the packages bear, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    asked = ["git", "log", "-1", "--format=%ct"]
    return int(given or subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def _built(folder: Path) -> Package:
    source = folder / "source"
    source.mkdir(parents=True)
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy2(ROOT / name, source / name)
    for path in source.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch())}
    command = [find_uv_bin(), "build", "--quiet", "--build-constraints", str(PINS), "--out-dir", str(folder / "dist")]
    subprocess.run([*command, str(source)], check=True, env=env, umask=0o022)
    (wheel,), (sdist,) = (list((folder / "dist").glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    contents.settle(sdist, epoch())
    return Package(wheel, sdist)


def main() -> int:
    """Build into ``dist`` and say what is there."""
    try:
        package = build(ROOT / "dist")
    except Wrong as reason:
        print(reason, file=sys.stderr)
        return 1
    for path in (package.wheel, package.sdist):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes, sha256 {contents.digest(path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
