"""One product in several languages, each spoken by a voice of its own, which is found by its name."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Asset, Param, task, task_group

from topview_provider.operators.batch import TopviewReportOperator
from topview_provider.operators.lookup import TopviewChooseVoiceOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator

LINK = {"type": "string", "section": "Product", "pattern": "^https?://"}
NAMES = {"propertyNames": {"pattern": "^[a-z]{2,3}(-[A-Za-z]{2,4})?$"}, "additionalProperties": {"type": "string"}}
VOICES = {"type": "object", "section": "Languages", "minProperties": 1, **NAMES}
HELP = "Language code and name of its voice; an empty name takes the first voice of the language."


@task
def languages(params=None):
    """Return the languages of the form with the names of their voices."""
    return [{"language": language, "voice": voice} for language, voice in params["voices"].items()]


@task_group
def translation(language, voice):
    """Make and store the video of one language."""
    video = TopviewMarketingVideoOperator(
        task_id="video",
        pool="topview",
        map_index_template="{{ task.language }}",
        product_link="{{ params.product_link }}",
        language=language,
        voice_id=TopviewChooseVoiceOperator(task_id="voice", name=voice, language=language).output,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
        outlets=[Asset("topview://marketing-videos")],
    )


with DAG(
    "topview_languages",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "product_link": Param("https://shop.example/lamp", **LINK, title="Product link", description="Its page."),
        "voices": Param({"en": "", "de": ""}, **VOICES, title="Voices", description=HELP),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    made = {"task_ids": "translation.video", "files": "translation.download", "trigger_rule": "all_done"}
    rows = languages()
    report = TopviewReportOperator(task_id="report", rows=rows, path="{{ params.folder }}/{{ run_id }}.csv", **made)
    translation.expand_kwargs(rows) >> report
