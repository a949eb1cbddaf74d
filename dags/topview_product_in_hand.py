"""A product picture is cut out, put into an avatar's hand, and the avatar talks about it (Product Avatar v2)."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.image import TopviewRemoveBackgroundOperator
from topview_provider.operators.lookup import TopviewProductAvatarPublicListOperator
from topview_provider.operators.product import (
    TopviewProductAvatarV2ReplaceImageOperator,
    TopviewProductAvatarV2VideoOperator,
)
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/lamp.png", "s3://bucket/lamp.png"]}
TEXT = {"type": "string", "minLength": 1, "format": "multiline"}
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_product_in_hand",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "picture": Param("", title="Product picture", section="Files", description="png or jpg.", **FILE),
        "text": Param("How small it is!", title="Text", section="Avatar", description="What the avatar says.", **TEXT),
        "gender": Param("female", title="Gender", section="Avatar", enum=["female", "male"]),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    picture = TopviewUploadOperator(task_id="upload", source="{{ params.picture }}")
    cut_out = TopviewRemoveBackgroundOperator(task_id="cut_out", product_image_file_id=picture.output)
    avatars = TopviewProductAvatarPublicListOperator(task_id="avatars", gender="{{ params.gender }}", limit=1)
    in_hand = TopviewProductAvatarV2ReplaceImageOperator(
        task_id="in_hand",
        generate_image_mode="auto",
        product_image_without_background_file_id=cut_out.output["image_file_id"],
        avatar_id="{{ ti.xcom_pull('avatars')[0]['avatarId'] }}",
        image_edit_prompt="The avatar holds the product",
    )
    avatars >> in_hand
    video = TopviewProductAvatarV2VideoOperator(
        task_id="talk",
        replace_product_task_image_id=in_hand.output["replace_product_task_image_id"],
        tts_text="{{ params.text }}",
        voice_id="{{ ti.xcom_pull('avatars')[0]['voiceoverId'] }}",
    )
    TopviewDownloadOperator(
        task_id="download",
        family="product_avatar_v2_video",
        topview_task_id=video.output["topview_task_id"],
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
