"""
``python -m tools.release_check v1.2.3``: whether a tag may be released, and what is new in it.

Tag, version and changelog must say the same; what the changelog says of the version is printed.
"""

from __future__ import annotations

import re
import sys
from datetime import date

from tools.settings import ROOT
from topview_provider import __version__


class Unready(Exception):
    """Say what is missing."""


def news(tag: str, version: str, changelog: str) -> str:
    """
    Return what the changelog says of a release.

    :param tag: Such as ``v1.2.3``.
    :param version: That of the package.
    :param changelog: Its text.
    :raises Unready: They do not fit together.
    """
    if tag != f"v{version}":
        raise Unready(f"the tag is {tag}, the version of the package {version}: it should be v{version}")
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    named = {section.partition("\n")[0].strip(): section.partition("\n")[2].strip() for section in sections}
    if named.get("[Unreleased]"):
        raise Unready("the changelog has entries under [Unreleased]: move them under the version")
    ((heading, text), *_) = [(head, body) for head, body in named.items() if head != "[Unreleased]"] or [("", "")]
    found = re.fullmatch(rf"\[{re.escape(version)}\] - (\d{{4}}-\d{{2}}-\d{{2}})", heading)
    if not found:
        raise Unready(f"the first version of the changelog is {heading!r}, not '[{version}] - <date>'")
    _is_a_day(found.group(1))
    if not text:
        raise Unready(f"the changelog says nothing of {version}")
    return text


def _is_a_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Unready(f"{text} is no day") from None


def main() -> int:
    """Check the tag that the argument names."""
    try:
        (tag,) = sys.argv[1:]
        print(news(tag, __version__, (ROOT / "CHANGELOG.md").read_text()))
    except ValueError:
        print("usage: python -m tools.release_check v1.2.3", file=sys.stderr)
        return 2
    except Unready as reason:
        print(f"not released: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
