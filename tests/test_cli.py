"""The command line: what it shows, what it says when something is wrong, and its exit codes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from airflow.cli import cli_parser

from tests.lines import since
from topview_provider.cli import definition, output
from topview_provider.cli.__main__ import main
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

FORMS = ("table", "json", "yaml", "plain")
KETTLE = {"productName": "Kettle", "productDescription": "Red", "fileIds": ["f1"]}
TALK = {"avatarSourceFrom": "1", "aiAvatarId": "a1", "audioSourceFrom": "1", "ttsText": "Hello."}


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def topview(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Said]]:
    """Run a command in this process; what it sets for its process is put back."""
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    root = logging.getLogger()
    handlers = [*root.handlers]

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        assert "key-one-two-three" not in said.out + said.err
        assert "standin-key" not in said.out + said.err
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)

    yield run
    logging.disable(logging.NOTSET)
    root.handlers[:] = handlers


def submitted(family: str, body: dict[str, Any]) -> str:
    return TopviewHook().submit(family, body)


@pytest.fixture
def slow(connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in whose jobs take an hour, unless its clock is put forward."""
    with StandIn(seconds=3600, any_file=True) as service:
        connect(service, poll_interval=0.01)
        yield service


def test_credits_are_shown_with_account_and_connection(topview: Callable[..., Said], service: StandIn) -> None:
    shown = topview("credits", "--output", "json").json
    assert shown == {
        "credits": service.stats()["credits"],
        "conn_id": "topview_default",
        "uid": service.uid,
        "expires": shown["expires"],
    }


def test_another_connection_is_asked_when_it_is_named(
    topview: Callable[..., Said], service: StandIn, connect: Callable[..., str]
) -> None:
    with StandIn(credits=7) as other:
        connect(other, conn_id="other")
        assert topview("credits", "--conn-id", "other", "-o", "json").json["credits"] == 7


@pytest.mark.parametrize("form", FORMS)
def test_a_list_is_shown_in_each_form(topview: Callable[..., Said], service: StandIn, form: str) -> None:
    code, out, _ = topview("voices", "--language", "en", "--limit", "3", "--output", form)
    voices = TopviewHook().list("voice_list", language="en")[:3]
    assert code == 0
    assert [voice["voiceId"] in out for voice in voices] == [True] * 3
    if form in ("json", "yaml"):
        read = yaml.safe_load(out) if form == "yaml" else json.loads(out)
        assert [item["voiceId"] for item in read] == [voice["voiceId"] for voice in voices]
    else:
        assert len(out.splitlines()) == 3 + (2 if form == "table" else 1)


def test_a_list_has_a_line_for_each_item_of_all_its_pages(topview: Callable[..., Said], service: StandIn) -> None:
    lines = topview("voices", "-o", "plain").out.splitlines()
    assert len(lines) - 1 == len(TopviewHook().list("voice_list")) > 20


def test_a_list_is_narrowed_by_a_part_of_the_name(topview: Callable[..., Said], service: StandIn) -> None:
    for command, listing, key in (("voices", "voice_list", "voiceName"), ("avatars", "avatar_list", "aiavatarName")):
        name = TopviewHook().list(listing)[0][key]
        found = topview(command, "--name", name[1:].upper(), "-o", "json").json
        assert found
        assert {item[key] for item in found} <= {item[key] for item in TopviewHook().list(listing)}
        assert all(name[1:].lower() in item[key].lower() for item in found)


def test_the_filters_of_a_list_are_topviews(topview: Callable[..., Said], service: StandIn) -> None:
    topview("voices", "--gender", "female", "--is-custom")
    topview("avatars", "--ethnicity-id-list", "e1", "--is-custom")
    queries = [request["query"] for request in service.requests()]
    assert [(query.get("gender"), query.get("isCustom")) for query in queries] == [("female", "true"), (None, "true")]
    assert queries[1]["ethnicityIdList"] == "e1"


def test_a_list_without_items_says_so(topview: Callable[..., Said], service: StandIn) -> None:
    assert topview("voices", "--name", "nobody is called this") == (0, "No data found\n", "")
    assert topview("voices", "--name", "nobody is called this", "-o", "json").json == []


def test_a_finished_task_is_shown_with_its_files(topview: Callable[..., Said], service: StandIn) -> None:
    topview_task_id = submitted("video_avatar", TALK)
    code, out, _ = topview("task", "video_avatar", topview_task_id, "-o", "json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["state"], shown["topview_task_id"]) == ("success", topview_task_id)
    (video,) = shown["outputs"]
    assert (video["name"], video["index"]) == ("video", 0)
    table = topview("task", "video_avatar", topview_task_id).out
    (line,) = (line for line in table.splitlines() if line.startswith("video[0]"))
    assert line.split()[-1].partition("?")[0] == video["url"].partition("?")[0]
    assert "Signature=" in line


def test_a_marketing_video_is_shown_with_title_age_and_cost(topview: Callable[..., Said], slow: StandIn) -> None:
    topview_task_id = submitted("marketing_video", KETTLE)
    slow.advance(7200)
    shown = topview("task", "marketing_video", topview_task_id, "-o", "json").json
    assert shown["state"] == "success"
    assert shown["title"]
    assert shown["created"]
    assert shown["age"]
    assert {output["name"] for output in shown["outputs"]} >= {"video", "cover"}
    assert "cost_credit" in shown


def test_a_task_on_a_board_is_shown_with_its_age(topview: Callable[..., Said], service: StandIn) -> None:
    topview_task_id = submitted("text_to_voice", {"voiceText": "Hello.", "voiceId": "v1", "boardId": "b1"})
    shown = topview("task", "text_to_voice", topview_task_id, "-o", "json").json
    assert shown["age"].endswith(" s")
    assert shown["cost_credit"] == pytest.approx(0.1)


def test_what_topview_does_not_tell_is_called_unknown(topview: Callable[..., Said], service: StandIn) -> None:
    out = topview("task", "video_avatar", submitted("video_avatar", TALK)).out
    assert [line.split() for line in out.splitlines() if line.startswith("age")] == [["age", "unknown"]]


def test_an_age_that_cannot_be_asked_for_does_not_hide_the_state(
    topview: Callable[..., Said], service: StandIn, hasty: None
) -> None:
    topview_task_id = submitted("marketing_video", KETTLE)
    service.fault("status", value=503, path="/v1/m2v/task/list", times=-1)
    code, out, _ = topview("task", "marketing_video", topview_task_id, "-o", "json")
    assert (code, json.loads(out)["state"], json.loads(out)["age"]) == (0, "success", None)


def test_a_task_that_runs_has_an_exit_code_of_its_own(topview: Callable[..., Said], slow: StandIn) -> None:
    code, out, _ = topview("task", "video_avatar", submitted("video_avatar", TALK), "-o", "json")
    assert (code, json.loads(out)["state"], json.loads(out)["outputs"]) == (3, "running", [])


def test_a_state_that_nobody_knows_is_not_taken_for_an_end(topview: Callable[..., Said], service: StandIn) -> None:
    topview_task_id = submitted("video_avatar", TALK)
    service.fault("unknown-status", value="pondering")
    code, out, _ = topview("task", "video_avatar", topview_task_id, "-o", "json")
    assert (code, json.loads(out)["state"], json.loads(out)["topview_says"]) == (3, "unknown", "pondering")


def test_a_task_that_failed_has_an_exit_code_of_its_own_and_its_reason(
    topview: Callable[..., Said], service: StandIn
) -> None:
    service.fault("fail", message="no face found")
    code, out, error = topview("task", "video_avatar", submitted("video_avatar", TALK), "-o", "json")
    assert (code, json.loads(out)["state"], error) == (1, "failed", "")
    assert "no face found" in json.loads(out)["topview_says"]


def test_a_success_of_which_items_failed_counts_as_a_failure(topview: Callable[..., Said], service: StandIn) -> None:
    service.fault("partial")
    topview_task_id = submitted("marketing_video", KETTLE)
    code, out, _ = topview("task", "marketing_video", topview_task_id, "-o", "json")
    shown = json.loads(out)
    assert (code, shown["state"]) == (1, "success")
    assert "item " in shown["topview_says"]


def test_a_preview_is_looked_at_when_it_is_asked_for(topview: Callable[..., Said], service: StandIn) -> None:
    topview_task_id = submitted("marketing_video", {**KETTLE, "preview": "true"})
    without = topview("task", "marketing_video", topview_task_id)
    assert (without.code, "--preview shows what is there" in without.out) == (3, True)
    assert topview("task", "marketing_video", topview_task_id, "--preview").code == 0


def test_a_wait_ends_with_the_task(topview: Callable[..., Said], connect: Callable[..., str]) -> None:
    with StandIn(seconds=0.2, any_file=True) as service:
        connect(service, poll_interval=0.01)
        topview_task_id = submitted("video_avatar", TALK)
        assert topview("task", "video_avatar", topview_task_id, "--wait", "60").code == 0
        assert service.stats("video_avatar")["queries"] > 1


def test_a_wait_ends_at_its_time(topview: Callable[..., Said], slow: StandIn) -> None:
    said = topview("task", "video_avatar", submitted("video_avatar", TALK), "--wait", "0.05", "-o", "json")
    assert (said.code, said.json["state"]) == (3, "running")


def test_a_wait_for_a_task_that_topview_does_not_know_says_so(topview: Callable[..., Said], service: StandIn) -> None:
    code, out, error = topview("task", "video_avatar", "nope", "--wait", "60")
    assert (code, out) == (4, "")
    assert "task nope not found" in error


def test_the_files_of_a_task_are_fetched(topview: Callable[..., Said], service: StandIn, tmp_path: Path) -> None:
    topview_task_id = submitted("video_avatar", TALK)
    code, out, _ = topview("download", "video_avatar", topview_task_id, f"{tmp_path}/{{topview_task_id}}.{{ext}}")
    target = tmp_path / f"{topview_task_id}.mp4"
    assert (code, str(target) in out) == (0, True)
    assert target.read_bytes()[4:8] == b"ftyp"


def test_all_files_of_another_output_are_fetched(
    topview: Callable[..., Said], connect: Callable[..., str], tmp_path: Path
) -> None:
    with StandIn(seconds=0, any_file=True, scripts=2) as service:
        connect(service)
        topview_task_id = submitted("marketing_video", KETTLE)
        where = f"{tmp_path}/{{index}}.{{ext}}"
        said = topview(
            "download", "marketing_video", topview_task_id, where, "--file", "cover", "--index", "all", "-ojson"
        )
    assert [Path(item["path"]).name for item in said.json] == sorted(path.name for path in tmp_path.iterdir())
    assert len(said.json) == 2


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [("fail", 1, "failed at TopView: no face found"), ("never-ends", 3, "is not finished: running")],
)
def test_a_task_without_files_tells_why_by_its_exit_code(
    topview: Callable[..., Said], service: StandIn, tmp_path: Path, fault: str, code: int, words: str
) -> None:
    service.fault(fault, message="no face found")
    said = topview("download", "video_avatar", submitted("video_avatar", TALK), f"{tmp_path}/x.mp4")
    assert (said.code, said.out, [*tmp_path.iterdir()]) == (code, "", [])
    assert words in said.error
    assert len(said.error.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "ends", "said"),
    [
        (("credits", "--conn-id", "none"), 4, "Airflow has no connection 'none'. Add it in the UI"),
        (("voices", "--gender", "odd"), 2, "gender: 'odd' is not allowed; allowed: male, female"),
        (("task", "video_avatar", "nope"), 4, "answered 4004: task nope not found"),
        (
            ("task", "video_avatar", "nope"),
            4,
            "; look at the family, and whether the connection is that of its account",
        ),
        (("download", "video_avatar", "nope", "/tmp/"), 4, "answered 4004: task nope not found"),
        (("download", "video_avatar", "nope", "x", "--file", "song"), 2, "output: 'song' is not among those of video"),
        (("task", "marketing_video", "nope", "--script-id", "None"), 2, "did a template render nothing?"),
    ],
)
def test_what_goes_wrong_is_one_sentence_on_stderr(
    topview: Callable[..., Said], service: StandIn, words: tuple[str, ...], ends: int, said: str
) -> None:
    code, out, error = topview(*words)
    assert (code, out) == (ends, "")
    assert error.startswith("topview: ")
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_refused_key_is_one_sentence_without_the_key(topview: Callable[..., Said], service: StandIn) -> None:
    service.rotate("another-key")
    code, out, error = topview("credits")
    assert (code, out, len(error.splitlines())) == (4, "", 1)
    assert "401" in error


def test_an_error_that_nobody_foresaw_is_one_sentence_too(
    topview: Callable[..., Said], service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OSError("no space\nleft, see https://host/path?Signature=secret")

    monkeypatch.setattr(output, "show", broken)
    code, out, error = topview("credits")
    assert (code, out) == (4, "")
    assert error == "topview: OSError: no space left, see https://host/path?…\n"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("sing",),
        ("task", "no_family", "x"),
        ("task", "video_avatar"),
        ("credits", "--output", "xml"),
        ("voices", "--limit", "0"),
        ("voices", "--limit", "1.5"),
        ("task", "video_avatar", "x", "--wait", "nan"),
        ("task", "video_avatar", "x", "--wait", "-1"),
        ("task", "video_avatar", "x", "--wait", "soon"),
    ],
)
def test_wrong_usage_asks_nothing(service: StandIn, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert service.requests() == []


def test_nothing_is_ever_submitted(topview: Callable[..., Said], service: StandIn, tmp_path: Path) -> None:
    topview_task_id = submitted("marketing_video", KETTLE)
    before = len(service.requests())
    about = ("marketing_video", topview_task_id)
    for words in (("credits",), ("voices",), ("avatars",), ("task", *about), ("task", *about, "--wait", "9")):
        assert topview(*words).code == 0
    assert topview("download", *about, f"{tmp_path}/x.mp4").code == 0
    assert {request["method"] for request in service.requests()[before:]} == {"GET"}


def test_what_is_done_is_said_on_stderr_when_asked_for(
    topview: Callable[..., Said], service: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    about = ("video_avatar", submitted("video_avatar", TALK), f"{tmp_path}/x.mp4", "-o", "json")
    assert topview("download", *about).json == topview("download", *about).json
    assert "is complete already" not in caplog.text
    assert topview("download", *about, "--verbose").json
    assert "is complete already" in caplog.text


@pytest.mark.parametrize("form", ["table", "plain"])
def test_a_hostile_name_steers_no_terminal_and_is_no_markup(capsys: pytest.CaptureFixture[str], form: str) -> None:
    output.show([{"name": "[red]Ben[/blue]\x1b[2J\n\x9b1m", "id": None}], form)
    out = capsys.readouterr().out
    assert "[red]Ben[/blue]?[2J??1m" in out
    assert not {"\x1b", "\x9b"} & set(out)


def test_a_hostile_title_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.show({"title": "Kettle\x1b]0;x\x07\nstate  success"}, "table")
    assert capsys.readouterr().out == "title  Kettle?]0;x??state  success\n"


def test_a_hostile_address_of_a_file_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    file = {"name": "video", "index": 0, "item_id": None, "language": None, "duration_ms": None}
    output.show({"outputs": [{**file, "url": "https://a.example/v.mp4\x1b[2J\x9b1m\nstate  success"}]}, "table")
    assert capsys.readouterr().out == "video[0]  https://a.example/v.mp4?[2J?1m?state  success\n"


def test_a_hostile_message_of_topview_steers_no_terminal(topview: Callable[..., Said], service: StandIn) -> None:
    service.fault("code", value="4004", message="gone\x1b[2J\x07\nfor good")
    assert "gone?[2J? for good" in topview("credits").error


@since((3, 2), "room for the commands of a provider")
def test_airflow_has_the_same_commands(
    topview: Callable[..., Said], service: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    said = topview("credits", "-o", "json")
    arguments = cli_parser.get_parser().parse_args(["topview", "credits", "-o", "json"])
    with pytest.raises(SystemExit) as ended:
        arguments.func(arguments)
    assert ended.value.code == 0
    assert capsys.readouterr().out == said.out


@since((3, 2), "room for the commands of a provider")
def test_airflow_takes_the_same_words(service: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["voices", "--name", "x", "--limit", "3", "--is-custom", "-o", "yaml", "-v"],
        ["task", "video_avatar", "x", "--wait", "5", "--script-id", "1", "--preview"],
        ["download", "video_avatar", "x", "path", "--file", "cover", "--index", "all", "--conn-id", "other"],
    ):
        arguments = vars(cli_parser.get_parser().parse_args(["topview", *words]))
        ours = vars(definition.parser().parse_args(words))
        assert {name: arguments[name] for name in ours} == ours
