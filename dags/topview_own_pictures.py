"""Your own pictures are uploaded and become a marketing video, spoken by the avatar and the voice you name."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param, task

from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator


@task
def pictures(params=None):
    """Return the pictures of the form."""
    return params["pictures"]


with DAG(
    "topview_own_pictures",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "pictures": Param([], type="array", title="Pictures", section="Files", description="One per line.", minItems=1),
        "name": Param("Desk lamp", type="string", title="Product name", section="Product"),
        "description": Param(
            "A lamp that dims at night.", type="string", title="Description", section="Product", format="multiline"
        ),
        "avatar": Param(
            None, type=["null", "string"], title="Avatar", section="Looks", description="Name; empty: any."
        ),
        "voice": Param(None, type=["null", "string"], title="Voice", section="Looks", description="Name; empty: any."),
        "folder": Param("/tmp/topview", type="string", title="Folder", section="Result", description="Or s3://..."),
    },
):
    uploads = TopviewUploadOperator.partial(task_id="upload").expand(source=pictures())
    video = TopviewMarketingVideoOperator(
        task_id="make_video",
        file_ids=uploads.output,
        product_name="{{ params.name }}",
        product_description="{{ params.description }}",
        avatar_id=TopviewChooseAvatarOperator(task_id="avatar", name="{{ params.avatar or '' }}").output,
        voice_id=TopviewChooseVoiceOperator(task_id="voice", name="{{ params.voice or '' }}", language="en").output,
    )
    TopviewDownloadOperator(
        task_id="download",
        family="marketing_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
