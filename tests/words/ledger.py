"""Errors about what a task instance has bought."""

from __future__ import annotations

from pathlib import Path

from tests.attempts import BlindStore, DeafStore, cleared, forgetful, retried
from tests.conftest import FakeStore
from tests.contract.running import known
from tests.test_exports_again import export, preview, say
from tests.test_orphans import in_dag
from topview_provider.catalog import LISTINGS
from topview_provider.exceptions import (
    TopviewError,
    TopviewInvalidRequest,
    TopviewNotFound,
    TopviewSubmitUnknown,
)
from topview_provider.operators.product import TopviewProductAvatarV1DownloadOperator

from . import QUERY, Scene, says

STORAGE_TAB = "delete the key 'topview' under Task State Store in the task's Storage tab"
PAID = LISTINGS["product_avatar_v1_download"]


@says(TopviewError, "The ledger cannot be read, so nothing is submitted", "no database")
def a_store_that_cannot_be_read(scene: Scene) -> None:
    scene.store = BlindStore()
    scene.buy(2)


def corrupt(scene: Scene, content: str) -> Path:
    """Buy with a ledger of files, and spoil the record."""
    scene.setting("ledger_path", scene.folder)
    scene.buy(context=forgetful())
    [path] = scene.folder.rglob("topview.json")
    path.write_text(content)
    return path


@says(TopviewError, "cannot be read, so nothing is submitted", "/shop/manual__2026", "topview.json", "delete the file")
def a_record_whose_file_is_spoilt(scene: Scene) -> None:
    corrupt(scene, "{")
    scene.buy(context=forgetful(2))


@says(TopviewError, "holds something else", "list", "/shop/manual__2026", "topview.json", "delete the file")
def a_record_that_is_something_else(scene: Scene) -> None:
    corrupt(scene, "[]")
    scene.buy(context=forgetful(2))


@says(TopviewError, "The ledger of this run cannot be read", "topview.json")
def a_record_of_another_task_of_the_run_that_is_spoilt(scene: Scene) -> None:
    corrupt(scene, "{")
    scene.lose(lambda: scene.film(context=forgetful(task_id="v")))
    scene.film(context=forgetful(2, task_id="v"))


@says(TopviewError, "The ledger cannot be written", "no database")
def a_store_that_cannot_be_written(scene: Scene) -> None:
    scene.store = DeafStore(0)
    scene.buy()


@says(TopviewError, "The ledger cannot be written; TopView accepted t-1: no database")
def an_id_to_go_on_with_that_cannot_be_written(scene: Scene) -> None:
    scene.store = DeafStore(0)
    scene.buy(resume_topview_task_id="t-1")


class Racing(FakeStore):
    """A store into which another attempt writes at the same moment."""

    def set(self, key: str, value: dict[str, object]) -> None:
        super().set(key, {**value, "nonce": "another"})


@says(TopviewError, "Another attempt of this task is submitting right now", "this one stands back")
def two_attempts_at_the_same_moment(scene: Scene) -> None:
    scene.store = Racing()
    scene.buy()


@says(
    TopviewSubmitUnknown,
    "An earlier attempt announced a submit of video_avatar",
    "may have accepted and may charge it",
    "not sent again by itself",
    "it has no list that shows what this family was given",
    "What to do: look at the account's task list, or at the credit log",
    "set resume_topview_task_id to its id and clear this task",
    f"if not, {STORAGE_TAB} and clear this task",
    "on_orphaned_intent='resubmit' buys anew",
)
def a_lost_submit_that_cannot_be_looked_for(scene: Scene) -> None:
    scene.lose(scene.buy)
    scene.buy(2)


@says(
    TopviewSubmitUnknown,
    "2 of its tasks fit. It may be one of these: ",
    ", created 20",
    " UTC, 'Kettle'; ",
    "set resume_topview_task_id to its id",
)
def a_lost_submit_that_may_be_one_of_two_tasks(scene: Scene) -> None:
    scene.lose(lambda: scene.film(context=in_dag(retried(scene.store, 1))))
    scene.film(context=retried(FakeStore(), 1))
    scene.film(context=in_dag(retried(scene.store, 2)))


def picture(scene: Scene, context: object, key: str = "k1") -> None:
    """Buy a picture, of the same task each time."""
    scene.ready()
    topview_task_id = (scene.ids or [known(PAID)["taskId"]])[0]
    given = {"task_id": "d", "topview_task_id": topview_task_id, "key": key}
    scene.run(TopviewProductAvatarV1DownloadOperator(**given), context=context)


@says(TopviewSubmitUnknown, "announced a submit of product_avatar_v1_download", "you have paid", STORAGE_TAB)
def a_paid_call_whose_answer_was_lost(scene: Scene) -> None:
    scene.fault("reset-mid-body", path=PAID.path)
    try:
        picture(scene, retried(scene.store, 1))
    except TopviewSubmitUnknown:
        picture(scene, retried(scene.store, 2))


@says(
    TopviewSubmitUnknown,
    "not the first try",
    "no record of what an earlier one bought: another video_avatar is not bought",
    "set resume_topview_task_id to it",
    "force_resubmit=True and clear the task",
    "[topview] ledger_path",
    "Airflow 3.3",
    "without_ledger = warn",
)
def a_later_try_without_any_store(scene: Scene) -> None:
    scene.buy(context=forgetful(2))


@says(
    TopviewInvalidRequest,
    "The inputs of this task changed since video_avatar",
    "which is done and paid for: ttsText",
    "does not buy a second one by itself",
    "if a template holds a time or a random value, take it out",
    "on_changed_input='resubmit'",
    STORAGE_TAB,
    task=True,
)
def inputs_that_changed_since_a_finished_task(scene: Scene) -> None:
    scene.buy()
    scene.buy(2, tts_text="Bye.")


@says(TopviewInvalidRequest, "which is not finished: ttsText", "clear this task when the first one is", task=True)
def inputs_that_changed_since_a_running_task(scene: Scene) -> None:
    scene.fault("never-ends", method="POST")
    scene.buy(wait_for_completion=False)
    scene.buy(2, 1, tts_text="Bye.")


@says(TopviewInvalidRequest, "which failed, uncharged: ttsText", task=True)
def inputs_that_changed_since_a_failed_task(scene: Scene) -> None:
    scene.fault("fail", method="POST")
    try:
        scene.buy()
    except TopviewError:
        scene.buy(2, tts_text="Bye.")


@says(TopviewInvalidRequest, "since product_avatar_v1_download was bought, which is done and paid for: key")
def inputs_of_a_paid_call_that_changed(scene: Scene) -> None:
    picture(scene, retried(scene.store, 1))
    picture(scene, retried(scene.store, 2), key="k2")


@says(
    TopviewNotFound,
    "was finished and paid for, but TopView no longer knows it",
    "use the files that an earlier run stored",
    "on_missing_result='resubmit' buys it again",
    STORAGE_TAB,
    task=True,
)
def a_result_that_is_gone(scene: Scene) -> None:
    scene.buy()
    scene.fault("code", path=QUERY, value="4004", times=-1)
    scene.buy(2)


@says(TopviewNotFound, f"GET {QUERY} answered 4004", "What to do: ", "force_resubmit", STORAGE_TAB, task=True)
def a_paid_task_that_topview_does_not_know_while_it_runs(scene: Scene) -> None:
    scene.buy(wait_for_completion=False)
    scene.fault("code", path=QUERY, value="4004", times=-1)
    scene.buy(2)


@says(TopviewInvalidRequest, "on_missing_result: 'perhaps' is none of fail, resubmit")
def a_rule_that_is_none_of_its_choices(scene: Scene) -> None:
    scene.buy(on_missing_result="perhaps")


@says(TopviewInvalidRequest, "[topview] without_ledger is 'perhaps' in Airflow's configuration: fail or warn")
def a_wrong_word_in_airflow_s_configuration(scene: Scene) -> None:
    scene.setting("without_ledger", "perhaps")
    scene.buy(context=forgetful(2))


@says(TopviewInvalidRequest, "s3://bucket/ledger cannot be used", "Install airflow-provider-topview[s3]")
def a_ledger_path_whose_file_system_is_not_installed(scene: Scene) -> None:
    scene.setting("ledger_path", "s3://bucket/ledger")
    scene.buy(context=forgetful())


@says(TopviewInvalidRequest, "[topview] ledger_path is '/no/such/folder'", "is a disk not mounted here?")
def a_ledger_path_that_is_not_there(scene: Scene) -> None:
    scene.setting("ledger_path", "/no/such/folder")
    scene.buy(context=forgetful())


@says(TopviewNotFound, "another export of this script took its place", "What to do: ", "on_missing_result='resubmit'")
def an_export_whose_place_another_one_took(scene: Scene) -> None:
    scene.ready()
    topview_task_id, store = preview(FakeStore()), FakeStore()
    for number, words in enumerate(("one", "two", "one"), 1):
        say(topview_task_id, words)
        export(topview_task_id, retried(store, 1) if number == 1 else cleared(store, number))
