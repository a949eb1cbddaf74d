"""Variants of one product's video (avatar x voice x length), part by part, as long as the run's budget lasts."""

from itertools import product

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task, task_group

from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.batch import TopviewReportOperator
from topview_provider.operators.spending import TopviewRunCostOperator
from topview_provider.task_groups import marketing_video

SIZE, PARTS, PRICE, VIDEOS = 4, 3, 5, [Asset("topview://marketing-videos")]
NAMES = ("avatar_id", "voice_id", "video_length_type")
LIST = {"type": "array", "section": "Variants", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True}


@task
def variants(number, params=None):
    """Return one part of all variants; a wrong name of an avatar or a voice ends the run before anything is spent."""
    avatars = [TopviewHook().choose_avatar(name) for name in params["avatars"]]
    voices = [TopviewHook().choose_voice(name) for name in params["voices"]]
    found = [dict(zip(NAMES, each, strict=True)) for each in product(avatars, voices, params["lengths"])]
    return found[number * SIZE : (number + 1) * SIZE]


@task_group
def variant(avatar_id, voice_id, video_length_type):
    looks = {"avatar_id": avatar_id, "voice_id": voice_id, "video_length_type": video_length_type}
    made = {"product_link": "{{ params.product_link }}", "path": "{{ params.folder }}/{topview_task_id}.{ext}"}
    marketing_video("one", default_args={"pool": "topview"}, outlets=VIDEOS, **made, **looks)


with DAG(
    "topview_variants",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param(type="string", title="Link", section="Product", examples=["https://shop.example/mug"]),
        "avatars": Param([""], **LIST, title="Avatars", maxItems=3, description="Names; an empty one: the first."),
        "voices": Param([""], **LIST, title="Voices", maxItems=2, description="Names; an empty one: the first."),
        "lengths": Param(["1", "2"], **LIST, title="Lengths", maxItems=2, description="1: 30 to 50 s, 2: 15 to 30 s."),
        "budget": Param(30, type="number", title="Budget", section="Credits", minimum=0, description="Of the run."),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    videos, files = ([f"part_{number}.one.{name}" for number in range(PARTS)] for name in ("make_video", "download"))
    budget = {"budget": "{{ params.budget }}", "to_come": SIZE * PRICE, "trigger_rule": "all_done"}
    rows, before = [variants.override(task_id=f"variants_{number}")(number) for number in range(PARTS)], []
    for number in range(PARTS):
        check = TopviewRunCostOperator(task_id=f"budget_{number}", task_ids=videos[:number], **budget)
        part = variant.override(group_id=f"part_{number}").expand_kwargs(rows[number])
        before >> check >> part
        before = part
    report = {"rows": rows, "task_ids": videos, "files": files, "path": "{{ params.folder }}/{{ run_id }}.csv"}
    before >> TopviewReportOperator(task_id="report", **report, trigger_rule="all_done")
