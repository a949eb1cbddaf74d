"""A product in an avatar's hand, as a clip and as a picture without watermark (Product Avatar v1)."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param, task

from topview_provider.operators.product import (
    TopviewProductAvatarV1DownloadOperator,
    TopviewProductAvatarV1ReplaceImageOperator,
    TopviewProductAvatarV1VideoOperator,
)
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/lamp.png", "s3://bucket/lamp.png"]}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}


@task
def store(url, params=None, run_id=None):
    """Fetch the clean picture, with the hook's own streaming download."""
    from topview_provider.hooks.topview import TopviewHook

    return TopviewHook().download(url, f"{params['folder']}/clean-{run_id}.jpg")


with DAG(
    "topview_product_avatar_v1",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "picture": Param("", title="Product picture", section="Files", description="png or jpg.", **FILE),
        "template": Param("", title="Person", section="Files", description="png or jpg: who holds it.", **FILE),
        "text": Param("Look!", type="string", minLength=1, title="Text", section="Speech", description="What to say."),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    in_hand = TopviewProductAvatarV1ReplaceImageOperator(
        task_id="in_hand",
        product_image_file_id=TopviewUploadOperator(task_id="upload", source="{{ params.picture }}").output,
        template_image_file_id=TopviewUploadOperator(task_id="upload_template", source="{{ params.template }}").output,
        image_edit_prompt="Put the product of picture 2 into the hand of picture 1",
    )
    key = in_hand.output["product_replace_result_key"]
    # TopView does not document the path of this call: set it in the connection's extra, under "paths".
    clean = TopviewProductAvatarV1DownloadOperator(
        task_id="without_watermark", topview_task_id=in_hand.output["topview_task_id"], key=key
    )
    store(clean.output["image_url"])
    video = TopviewProductAvatarV1VideoOperator(
        task_id="move", product_replace_result_key=key, mode="lite", tts_text="{{ params.text }}"
    )
    TopviewDownloadOperator(
        task_id="download",
        family="product_avatar_v1_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
