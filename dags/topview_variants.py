"""Variants of one product's video (avatar x voice x length), part by part, as long as the run's budget lasts."""

from itertools import product

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param, task

from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.account import TopviewCreditDetailOperator
from topview_provider.operators.batch import TopviewReportOperator
from topview_provider.operators.spending import TopviewRunCostOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

SIZE, PARTS = 4, 3
LIST = {"type": "array", "section": "Variants", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True}


@task
def variants(number, params=None):
    """Return one part of all variants; a wrong name of an avatar or a voice ends the run before anything is spent."""
    hook = TopviewHook()
    avatars = [hook.choose_avatar(name) for name in params["avatars"]]
    voices = [hook.choose_voice(name, language=params["language"]) for name in params["voices"]]
    names = ("avatar_id", "voice_id", "video_length_type")
    found = [dict(zip(names, each, strict=True)) for each in product(avatars, voices, params["lengths"])]
    return found[number * SIZE : (number + 1) * SIZE]


with DAG(
    "topview_variants",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param("https://shop.example/desk-lamp", type="string", title="Product link", section="Product"),
        "language": Param("en", type="string", title="Language", section="Product"),
        "avatars": Param([""], **LIST, title="Avatars", maxItems=3, description="Names; an empty one: the first."),
        "voices": Param([""], **LIST, title="Voices", maxItems=2, description="Names; an empty one: the first."),
        "lengths": Param(["1", "2"], **LIST, title="Lengths", maxItems=2, description="1: 30 to 50 s, 2: 15 to 30 s."),
        "budget": Param(30, type="number", title="Budget of the run", section="Credits", minimum=0),
        "price": Param(5, type="number", title="Most for one video", section="Credits", minimum=0),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    balance = TopviewCreditDetailOperator(task_id="balance", min_credits="{{ params.budget }}")
    budget = {"budget": "{{ params.budget }}", "to_come": "{{ params.price * 4 }}", "trigger_rule": "all_done"}
    rows, tasks, before = [], [], balance
    for number in range(PARTS):
        rows.append(variants.override(task_id=f"variants_{number}")(number))
        check = TopviewRunCostOperator(task_id=f"budget_{number}", task_ids=[*tasks], **budget)
        video = TopviewMarketingVideoOperator.partial(
            task_id=f"videos_{number}",
            pool="topview",
            map_index_template="{{ task.avatar_id }} {{ task.voice_id }} {{ task.video_length_type }}",
            product_link="{{ params.product_link }}",
            language="{{ params.language }}",
        ).expand_kwargs(rows[-1])
        balance >> video
        before >> check >> video
        tasks.append(video.task_id)
        before = video
    path = "{{ params.folder }}/{{ run_id }}.csv"
    before >> TopviewReportOperator(task_id="report", rows=rows, task_ids=tasks, path=path, trigger_rule="all_done")
