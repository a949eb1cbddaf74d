"""
A product is put into a template picture (AnyShoot v1).

Which composition modes TopView takes is not known: what the form says is passed on as it is.
"""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.anyshoot import TopviewAnyshootV1Operator
from topview_provider.operators.lookup import (
    TopviewAnyshootTemplateCategoryListOperator,
    TopviewAnyshootTemplateListOperator,
)
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator

FILE = {"type": "string", "minLength": 1, "examples": ["/data/lamp.png", "s3://bucket/lamp.png"]}
MASK = "Drawn by you, as large as the template picture: where the product goes."
STYLE = "Of the template pictures, as TopView calls it; the first of them is taken."
MODE = "How the two are composed. Which words TopView takes is not known: yours is passed on as it is."
FOLDER = {"type": "string", "title": "Folder", "description": "Where files go: a local path, or s3://bucket/folder."}

with DAG(
    "topview_anyshoot",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "picture": Param("", title="Product picture", section="Files", description="png or jpg.", **FILE),
        "mask": Param("", title="Template mask", section="Files", description=MASK, **FILE),
        "style": Param("UGC", title="Style", section="Looks", description=STYLE, enum=["UGC", "Pro"]),
        "mode": Param("standard", type="string", title="Mode", section="Looks", description=MODE),
        "folder": Param("/tmp/topview", section="Result", **FOLDER),
    },
):
    picture = TopviewUploadOperator(task_id="upload", source="{{ params.picture }}").output
    mask = TopviewUploadOperator(task_id="upload_mask", source="{{ params.mask }}").output
    categories = TopviewAnyshootTemplateCategoryListOperator(task_id="categories", limit=1)
    templates = TopviewAnyshootTemplateListOperator(task_id="templates", style="{{ params.style }}", limit=1)
    shot = TopviewAnyshootV1Operator(
        task_id="in_template",
        product_image_file_id=picture,
        template_id="{{ ti.xcom_pull('templates')[0]['templateId'] }}",
        template_mask_file_id=mask,
        mode="{{ params.mode }}",
    )
    categories >> templates >> shot
    TopviewDownloadOperator(
        task_id="download",
        family="anyshoot_v1",
        topview_task_id=shot.output["topview_task_id"],
        output="image",
        path="{{ params.folder }}/{topview_task_id}.{ext}",
    )
