"""How a stand-in behaves, said once for the command line and for the class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def _option(default: Any, words: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": words, "choices": choices})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Hold the options of one stand-in; each is a keyword of ``StandIn`` and, with dashes, an option of the command.

    The texts stand beside the defaults, because ``--help`` prints them.
    """

    host: str = _option("127.0.0.1", "address to listen on")
    port: int = _option(8099, "port to listen on; 0 takes any free one, the address is printed on the first line")
    uid: str = _option("standin-uid", "the Topview-Uid that is let in")
    api_key: str = _option("standin-key", "the API key that is let in")
    seconds: float = _option(5.0, "mean time of a job; each takes 0.5 to 1.5 times that, 0 = done at the first query")
    credits: float = _option(1000.0, "balance at the start")
    concurrency: int = _option(0, "answer 4007 to a submit when this many tasks run; 0 = no limit")
    media_bytes: int = _option(0, "pad result files to exactly this many bytes, for load tests; 0 = as they are")
    seed: int = _option(0, "seed of the job times")
    scripts: int = _option(1, "scripts (and so videos) of one marketing video")
    url_seconds: float = _option(86400.0, "life of a signed URL")
    log_seconds: float = _option(0.0, "time between a charge and its entry in the credit log")
    upload_seconds: float = _option(0.0, "time between a PUT and the upload check saying true")
    auth_mode: str = _option("http401", "answer to wrong headers", ("http401", "envelope401", "http403"))
    base_path: str = _option("", "serve the API under this prefix, for example /topview")
    lenient_enums: bool = _option(False, "accept choices that the catalog does not know")
    any_file: bool = _option(False, "accept any file id, uploaded or not")
    keep_old_export: bool = _option(False, "a re-export leaves the old item until the new one starts")
    null_item_status: bool = _option(False, "marketing video items that are not done have a null status")
    second_shapes: bool = _option(False, "answer the second form where the reference knows two")

    @property
    def prefix(self) -> str:
        """The base path with one leading slash and none at its end; empty if there is none."""
        path = self.base_path.strip("/")
        return f"/{path}" if path else ""
