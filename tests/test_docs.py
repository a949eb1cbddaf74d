"""Every sentence of the documents that can be run or counted is."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from tools import documents
from topview_provider import catalog, provider_info
from topview_provider.catalog import FAMILIES, LISTINGS
from topview_provider.cli import definition
from topview_provider.cli.running import Code
from topview_provider.exceptions import TopviewError
from topview_provider.hooks import requesting, uploading
from topview_provider.plugins import confirming
from topview_provider.results import Phase, State
from topview_provider.standin.server import StandIn

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("name", [*FAMILIES, *LISTINGS])
def test_the_readme_has_a_line_for_each_row(name: str) -> None:
    assert re.search(rf"^\|.*`{name}`.*\| `operators\.\w+\.Topview\w+Operator` \|", README, re.MULTILINE)


def test_the_tables_of_the_readme_are_those_of_the_code() -> None:
    assert documents.readme(README) == README, "run make docs"


@pytest.mark.parametrize("path", documents.pages(), ids=lambda path: path.name)
def test_a_reference_page_is_what_the_code_says(path: Path) -> None:
    assert path.read_text() == documents.pages()[path], "run make docs"


def test_the_example_of_the_hook_lands_a_file(
    service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [source] = blocks((documents.PAGES / "hook.md").read_text(), "python")
    monkeypatch.chdir(tmp_path)
    exec(source, {})
    assert [job["family"] for job in service.jobs()] == ["text_to_voice"]
    assert (tmp_path / "good-morning.mp3").stat().st_size > 0


def test_every_verb_of_the_hook_that_the_readme_names_is_in_the_reference() -> None:
    [named] = re.findall(r"has the same verbs:(.*?)\. ", README, re.DOTALL)
    verbs = re.findall(r"`(\w+)`", named)
    reference = (documents.PAGES / "hook.md").read_text().partition("## TopviewAsyncHook")[0]
    assert len(verbs) > 9
    assert [verb for verb in verbs if f"### {verb}\n" not in reference] == []


def test_the_reference_counts_tries_as_the_hook_does() -> None:
    text = (documents.PAGES / "hook.md").read_text()
    assert set(re.findall(r"after (\w+) tries", text)) == {"five"}
    assert "begins anew with a fresh credential, three times in all" in text
    assert (requesting.READ_ATTEMPTS, uploading.TRIES) == (5, 3)


def test_whatever_the_examples_import_is_in_the_reference() -> None:
    prose = [block for path in DOCUMENTS for block in blocks(path.read_text(), "python") if "import" in block]
    trees = [ast.parse(source) for source in (*(path.read_text() for path in ROOT.glob("dags/*.py")), *prose)]
    found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {name.name for node in found if str(node.module).startswith("topview_provider.") for name in node.names}
    reference = "".join(page.read_text() for page in documents.PAGES.glob("*.md"))
    assert {"StandIn", "TopviewHook", "marketing_video", "retry_arguments"} <= ours
    assert {name for name in ours if f"\n## {name}\n" not in reference} == {"FAMILIES"}


@pytest.mark.parametrize("path", documents.pages(), ids=lambda path: path.name)
def test_each_line_of_a_table_of_the_reference_has_the_cells_of_its_head(path: Path) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", path.read_text(), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_every_module_path_in_the_readme_exists() -> None:
    paths = re.findall(r"`(operators\.\w+)\.(Topview\w+)`", README)
    assert len(paths) > 10
    for module, name in paths:
        assert hasattr(__import__(f"topview_provider.{module}", fromlist=[name]), name), f"{module}.{name}"


def test_the_readme_names_every_error_that_is_raised() -> None:
    leaves = {cls.__name__ for cls in _leaves(TopviewError)} - {"TopviewNotFound"}
    named = set(re.findall(r"`(Topview\w+)`", README))
    assert leaves - named == set()


def test_the_readme_names_every_field_of_the_connection_form() -> None:
    row = next(line for line in README.splitlines() if line.startswith("| extra |"))
    assert [name for name in provider_info.EXTRA if f"`{name}`" not in row] == []


def test_the_first_dag_of_the_readme_is_a_dag_of_two_tasks() -> None:
    source = next(block for block in blocks(README, "python") if "with DAG" in block)
    scope: dict[str, object] = {}
    exec(source.replace("with DAG(", "with (dag := DAG(", 1).replace("catchup=False):", "catchup=False)):", 1), scope)
    assert sorted(scope["dag"].task_dict) == ["download", "video"]  # type: ignore[attr-defined]
    assert scope["dag"].task_dict["download"].upstream_task_ids == {"video"}  # type: ignore[attr-defined]


def test_the_stand_in_example_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    source = next(block for block in blocks(README, "python") if "StandIn" in block)
    exec(source, {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("http://127.0.0.1:")
    assert float(lines[1]) > 0


def test_every_make_verb_that_is_written_down_exists() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    written = {verb for document in DOCUMENTS for verb in re.findall(r"make ([a-z-]+)[`\n]", document.read_text())}
    assert written
    assert written - verbs == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)\)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_stand_in_document_names_every_option() -> None:
    options = (ROOT / "docs" / "standin.md").read_text()
    from topview_provider.standin.options import Options

    names = [field.replace("_", "-") for field in Options.__dataclass_fields__]
    assert [name for name in names if f"`--{name}" not in options] == []
    assert StandIn.__doc__


def test_the_document_of_callbacks_names_each_option_each_key_and_the_families_without_a_word() -> None:
    text = (ROOT / "docs" / "notices.md").read_text()
    options = [name for name in provider_info.CONFIG["topview"]["options"] if name.startswith("notice_")]
    assert [name for name in options if f"| `{name}` |" not in text] == []
    end = {"uuid", *confirming._facts(FAMILIES["scraper"], {}, {}, State(Phase.SUCCESS))}
    keys = re.findall(r"^\| (`.*?`) \|", text.partition("key of the extra")[2], re.MULTILINE)
    assert end | {"family", "topview_task_id", "topview_conn_id"} == set(re.findall(r"`(\w+)`", " ".join(keys)))
    wordless = text.partition("which need it:")[2].partition(".")[0]
    assert set(re.findall(r"`(\w+)`", wordless)) == {name for name, row in FAMILIES.items() if not row.callback}


CLI = (ROOT / "docs" / "cli.md").read_text()


def test_every_command_line_of_the_documents_is_understood() -> None:
    lines = [line for text in (README, CLI) for block in blocks(text, "bash") for line in block.splitlines()]
    found = [words for line in lines for words in re.split(r" && ", line) if re.match(r"(airflow )?topview ", words)]
    assert len(found) > 6
    for words in found:
        definition.parser().parse_args(shlex.split(words.removeprefix("airflow "))[1:])


def test_the_document_of_the_command_line_names_each_command_option_and_exit_code() -> None:
    for command in definition.COMMANDS:
        assert f"| `{command.name}" in CLI or f", `{command.name}`" in CLI, command.name
        filters = {field.name for name, _ in definition.LISTS.values() for field in catalog.listing(name).fields}
        for flags, words in (*command.arguments, *definition.SHARED):
            option = flags[-1] if flags[0].startswith("-") else ""
            assert words.get("dest") in filters or not option or f"`{option}`" in CLI, option
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", CLI, re.MULTILINE)}
    assert codes == {*Code, 2}
    assert all(f"{int(code)} " in definition.CODES for code in codes)


def test_the_readme_names_each_command() -> None:
    (text,) = re.findall(r"## On call\n(.*?)\n## ", README, re.DOTALL)
    assert [command.name for command in definition.COMMANDS if f"{command.name}" not in text] == []


def _leaves(cls: type) -> list[type]:
    below = cls.__subclasses__()
    return [leaf for child in below for leaf in _leaves(child)] if below else [cls]


def test_the_document_of_storage_has_the_limits_of_the_code() -> None:
    from topview_provider.hooks import remote, transfer, uploading
    from topview_provider.hooks.settings import Settings

    text = (ROOT / "docs" / "storage.md").read_text()
    limits = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE))
    settings = Settings("c", "https://x", "u", "k")
    assert limits == {
        "what": "limit",
        "pause between two bytes of a download": f"`read_timeout` of the connection, {settings.read_timeout:g} s",
        "pause in which a storage takes no byte of an upload": (
            f"`connect_timeout` of the connection, {settings.connect_timeout:g} s"
        ),
        "cuts of one file": f"{remote.CUTS}",
        "requests in a row without a byte": f"{remote.FRUITLESS}",
        "beginnings, where what came is of no use": f"{remote.PASSES}",
        "tries of an upload, one second apart": f"{uploading.TRIES}",
        "looks whether TopView sees an upload, two seconds apart": f"{uploading.CHECKS}",
        "the whole": "none; `execution_timeout` of the task",
    }
    pauses = (remote.PAUSE, remote.STEP, uploading.PAUSE, uploading.CHECK_SECONDS, transfer.REPORT_SECONDS)
    assert pauses == (1.0, 0.1, 1.0, 2.0, 5.0), "as the document says in words"
