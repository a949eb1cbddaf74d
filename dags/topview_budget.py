"""A sentence is spoken by three voices if the balance suffices, none of them for too much; then the run's cost."""

import pendulum
from airflow.providers.common.compat.sdk import DAG, Param

from topview_provider.operators.account import TopviewCreditDetailOperator
from topview_provider.operators.lookup import TopviewVoiceListOperator
from topview_provider.operators.spending import TopviewRunCostOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator


def id_of(voice):
    return voice["voiceId"]


LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}
TEXT = {"type": "string", "minLength": 1, "format": "multiline"}
CREDITS = {"type": "number", "minimum": 0}
LEAST = "Credits that the account must have; with fewer nothing is bought."
MOST = "Credits that one voice may cost; what may cost more is not sent."

with DAG(
    "topview_budget",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["topview"],
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10), "deferrable": True},
    params={
        "text": Param(
            "Made for your desk.", title="What to say", section="Text", description="Once per voice.", **TEXT
        ),
        "language": Param("en", title="Language", section="Text", enum=[*LANGUAGES], values_display=LANGUAGES),
        "min_credits": Param(10, title="Least balance", section="Credits", description=LEAST, **CREDITS),
        "max_credits": Param(0.5, title="Highest price", section="Credits", description=MOST, **CREDITS),
    },
):
    balance = TopviewCreditDetailOperator(task_id="balance", min_credits="{{ params.min_credits }}")
    voices = TopviewVoiceListOperator(task_id="voices", language="{{ params.language }}", limit=3)
    speech = TopviewTextToVoiceOperator.partial(
        task_id="speech", voice_text="{{ params.text }}", max_credits="{{ params.max_credits }}"
    ).expand(voice_id=voices.output.map(id_of))
    cost = TopviewRunCostOperator(task_id="cost", task_ids=["speech"], trigger_rule="all_done")
    balance >> voices >> speech >> cost
