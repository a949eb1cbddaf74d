"""Variants of one product's video (avatar x voice x length), part by part, as long as the run's budget lasts."""

from itertools import product

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param, task

from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.batch import TopviewReportOperator
from topview_provider.operators.spending import TopviewRunCostOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

SIZE, PARTS = 4, 3
LIST = {"type": "array", "section": "Variants", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True}
TEXT = {"type": "string", "section": "Product", "minLength": 1}
CREDITS = {"type": "number", "section": "Credits", "minimum": 0}
NAMES = ("avatar_id", "voice_id", "video_length_type")
FOR_ALL = {"pool": "topview", "map_index_template": " ".join(f"{{{{ task.{name} }}}}" for name in NAMES)}


@task
def variants(number, params=None):
    """Return one part of all variants; a wrong name of an avatar or a voice ends the run before anything is spent."""
    hook, same = TopviewHook(), {name: params[name] for name in ("product_link", "language")}
    avatars = [hook.choose_avatar(name) for name in params["avatars"]]
    voices = [hook.choose_voice(name, language=params["language"]) for name in params["voices"]]
    found = [dict(zip(NAMES, each, strict=True)) | same for each in product(avatars, voices, params["lengths"])]
    return found[number * SIZE : (number + 1) * SIZE]


with DAG(
    "topview_variants",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param("https://shop.example/lamp", **TEXT, title="Product link", description="Its page."),
        "language": Param("en", **TEXT, title="Language", examples=["en", "de", "fr"]),
        "avatars": Param([""], **LIST, title="Avatars", maxItems=3, description="Names; an empty one: the first."),
        "voices": Param([""], **LIST, title="Voices", maxItems=2, description="Names; an empty one: the first."),
        "lengths": Param(["1", "2"], **LIST, title="Lengths", maxItems=2, description="1: 30 to 50 s, 2: 15 to 30 s."),
        "budget": Param(30, **CREDITS, title="Budget of the run", description="What all variants may cost."),
        "price": Param(5, **CREDITS, title="Most for one video", description="TopView takes 5 for an export."),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    budget = {"budget": "{{ params.budget }}", "to_come": "{{ params.price * 4 }}", "trigger_rule": "all_done"}
    rows, tasks, before = [], [], None
    for number in range(PARTS):
        rows.append(variants.override(task_id=f"variants_{number}")(number))
        check = TopviewRunCostOperator(task_id=f"budget_{number}", task_ids=[*tasks], **budget)
        videos = TopviewMarketingVideoOperator.partial(task_id=f"videos_{number}", **FOR_ALL).expand_kwargs(rows[-1])
        (before or rows[-1]) >> check >> videos
        tasks.append(videos.task_id)
        before = videos
    path = "{{ params.folder }}/{{ run_id }}.csv"
    before >> TopviewReportOperator(task_id="report", rows=rows, task_ids=tasks, path=path, trigger_rule="all_done")
