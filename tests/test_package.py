"""What may be in a wheel and an sdist, and what a tag must say to be released."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import contents
from tools.contents import Wrong
from tools.release_check import Unready, news

METADATA = """Metadata-Version: 2.4
Name: {name}
Version: {version}
Requires-Python: >=3.11
License-Expression: Apache-2.0
{required}

# TopView provider for Apache Airflow
"""
FILES = ("__init__.py", "provider_info.py", "py.typed", "www/task.js", "standin/media/video.mp4")

Make = Callable[..., Path]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder of a package, with a cache that Python left there."""
    folder = tmp_path / "topview_provider"
    for name in (*FILES, "__pycache__/x.pyc"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


@pytest.fixture
def wheel(tmp_path: Path) -> Make:
    """Make a wheel as it should be, but for what is left out, added or said differently."""
    written = contents.setup()

    def make(*, without: str = "", more: str = "", name: str = "airflow-provider-topview", points: str = "") -> Path:
        required = [f"Requires-Dist: {line}" for line in written["options"]["install_requires"].split()]
        words = {"name": name, "version": contents.__version__, "required": "\n".join(required)}
        sections = written["options.entry_points"].items()
        lines = points or "".join(f"[{section}]\n{text.strip()}\n" for section, text in sections)
        info = "airflow_provider_topview-1.dist-info"
        path = tmp_path / "x.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for file in [file for file in (*FILES, more) if file and file != without]:
                archive.writestr(f"topview_provider/{file}", file)
            archive.writestr(f"{info}/METADATA", METADATA.format(**words))
            archive.writestr(f"{info}/entry_points.txt", lines)
        return path

    return make


def test_a_wheel_that_is_the_package_passes(wheel: Make, package: Path) -> None:
    contents.check_wheel(wheel(), package)


@pytest.mark.parametrize("name", FILES)
def test_a_wheel_that_lacks_a_file_is_refused(wheel: Make, package: Path, name: str) -> None:
    with pytest.raises(Wrong, match=f"missing: topview_provider/{name}"):
        contents.check_wheel(wheel(without=name), package)


@pytest.mark.parametrize("name", ["tests/test_x.py", "__pycache__/x.pyc", "old.pyc", "run.log"])
def test_a_wheel_with_what_does_not_belong_there_is_refused(wheel: Make, package: Path, name: str) -> None:
    with pytest.raises(Wrong, match=f"should not be in the package: topview_provider/{name}"):
        contents.check_wheel(wheel(more=name), package)


def test_a_wheel_with_a_module_that_is_gone_from_the_package_is_refused(wheel: Make, package: Path) -> None:
    with pytest.raises(Wrong, match=r"not of the package: topview_provider/gone\.py"):
        contents.check_wheel(wheel(more="gone.py"), package)


def test_a_wheel_whose_metadata_say_something_else_is_refused(wheel: Make, package: Path) -> None:
    with pytest.raises(Wrong, match="Name: 'other', not 'airflow-provider-topview'"):
        contents.check_wheel(wheel(name="other"), package)


def test_a_wheel_without_our_entry_points_is_refused(wheel: Make, package: Path) -> None:
    with pytest.raises(Wrong, match="the entry points are"):
        contents.check_wheel(wheel(points="[console_scripts]\ntopview = x:y\n"), package)


def sdist(path: Path, *names: str, moment: int = 1) -> Path:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(f"x-1/{name}")
            member.mtime, member.uid, member.uname, member.size = moment, moment, "me", len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=moment))
    return path


NEEDED = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "PKG-INFO")
WHOLE = (*NEEDED, *(f"topview_provider/{name}" for name in FILES))


def test_an_sdist_that_is_the_package_passes_and_one_with_tests_is_refused(tmp_path: Path, package: Path) -> None:
    contents.check_sdist(sdist(tmp_path / "a", *WHOLE), package)
    with pytest.raises(Wrong, match=r"should not be in the package: tests/test_x\.py"):
        contents.check_sdist(sdist(tmp_path / "b", *WHOLE, "tests/test_x.py"), package)


@pytest.mark.parametrize("name", ["LICENSE", "topview_provider/www/task.js"])
def test_an_sdist_that_lacks_a_file_is_refused(tmp_path: Path, package: Path, name: str) -> None:
    with pytest.raises(Wrong, match=f"missing: {name}"):
        contents.check_sdist(sdist(tmp_path / "a", *(each for each in WHOLE if each != name)), package)


def test_two_sdists_of_the_same_files_are_the_same_once_they_are_settled(tmp_path: Path) -> None:
    first = sdist(tmp_path / "a", *NEEDED)
    second = sdist(tmp_path / "b", *reversed(NEEDED), moment=77)
    with pytest.raises(Wrong, match="two builds of the same commit differ"):
        contents.same(first, second)
    for path in (first, second):
        contents.settle(path, 1_700_000_000)
    contents.same(first, second)
    with tarfile.open(first) as archive:
        assert archive.extractfile("x-1/LICENSE").read() == b"LICENSE"  # type: ignore[union-attr]
        assert {member.mtime for member in archive} == {1_700_000_000}


CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-22\n\n- New.\n\n## [1.2.2] - 2026-10-01\n\n- Old.\n"


def test_a_tag_is_released_with_what_the_changelog_says_of_it() -> None:
    assert news("v1.2.3", "1.2.3", CHANGELOG) == "- New."


@pytest.mark.parametrize(
    ("tag", "changelog", "said"),
    [
        ("v1.2.4", CHANGELOG, "should be v1.2.3"),
        ("1.2.3", CHANGELOG, "should be v1.2.3"),
        ("v1.2.3", CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n- More.\n"), "under .Unreleased."),
        ("v1.2.3", CHANGELOG.replace("[1.2.3]", "[1.3.0]"), "is '.1.3.0. - 2026-11-22', not"),
        ("v1.2.3", CHANGELOG.replace("11-22", "13-22"), "is no day"),
        ("v1.2.3", CHANGELOG.replace("- New.", ""), "says nothing of 1.2.3"),
        ("v1.2.3", "# Changelog\n\n## [Unreleased]\n", "is '', not"),
    ],
)
def test_a_tag_that_the_changelog_does_not_know_is_not_released(tag: str, changelog: str, said: str) -> None:
    with pytest.raises(Unready, match=said):
        news(tag, "1.2.3", changelog)
