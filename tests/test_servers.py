"""The servers of the distributed tier are installed where we may, and asked for where we may not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import servers

Machine = Callable[..., Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Make a machine on which nothing is installed, with an apt-get that notes what it is told."""

    def make(*, root: bool, brings: bool = True) -> Path:
        note = tmp_path / "asked"
        apt = tmp_path / "apt-get"
        apt.write_text(f'#!/bin/sh\necho "$RUNLEVEL $SYSTEMD_OFFLINE $*" >> {note}\n')
        apt.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
        there = note.exists if brings else lambda: False
        monkeypatch.setattr(servers, "PACKAGES", {"postgresql": there, "redis-server": lambda: True})
        return note

    return make


def test_root_gets_what_is_missing_and_no_server_that_starts_by_itself(machine: Machine) -> None:
    note = machine(root=True)
    assert servers.main() == 0
    assert note.read_text() == "1 1 update\n1 1 install -y --no-install-recommends postgresql\n"


def test_nothing_is_installed_where_all_is_there(machine: Machine) -> None:
    note = machine(root=True)
    note.touch()
    assert servers.main() == 0
    assert note.read_text() == ""


def test_who_is_not_root_is_told_what_to_install(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    note = machine(root=False)
    assert servers.main() == 2
    assert "as root: apt-get install -y --no-install-recommends postgresql\n" in capsys.readouterr().err
    assert not note.exists()


def test_an_installation_that_brought_nothing_is_no_success(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(root=True, brings=False)
    assert servers.main() == 2
    assert "still missing: postgresql; see what apt-get said above" in capsys.readouterr().err
