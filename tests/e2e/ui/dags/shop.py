"""A DAG with every kind of result, for the pages."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator

from topview_provider.operators.image import TopviewRemoveBackgroundOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator
from topview_provider.sensors.topview import TopviewMarketingVideoSensor

WORDS = {"product_link": "https://shop.example/p", "product_description": "A thing."}
FOREIGN = ["no card", {"family": 7, "topview_task_id": "t"}]


def push(value, ti):
    """Leave an XCom of our name that is none of ours."""
    ti.xcom_push(key="topview", value=value)


with DAG(
    "ui_shop",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    params={"name": Param("Brass desk lamp", type="string"), "broken": Param("Broken lamp", type="string")},
    default_args={"deferrable": True, "retries": 1, "retry_delay": pendulum.duration(seconds=1)},
):
    TopviewMarketingVideoOperator(task_id="film", product_name="{{ params.name }}", language="de", **WORDS)
    TopviewMarketingVideoOperator(task_id="broken", product_name="{{ params.broken }}", **WORDS)
    TopviewRemoveBackgroundOperator(task_id="picture", product_image_file_id="f" * 32)
    TopviewTextToVoiceOperator(task_id="speech", voice_text="A lamp for every desk.", voice_id="v1")
    TopviewMarketingVideoOperator.partial(task_id="mapped", **WORDS).expand(product_name=["Red kettle", "Blue mug"])
    left = TopviewMarketingVideoOperator(task_id="left", product_name="Green vase", wait_for_completion=False, **WORDS)
    TopviewMarketingVideoSensor(task_id="waited", topview_task_id=left.output["topview_task_id"])
    EmptyOperator(task_id="other")
    PythonOperator.partial(task_id="foreign", python_callable=push).expand(op_args=[[value] for value in FOREIGN])
