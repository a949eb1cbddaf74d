"""A DAG that follows the ends of some families, so that Airflow knows their assets."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG, Asset

from topview_provider.operators.account import TopviewCreditDetailOperator

with DAG("listening", schedule=[Asset("topview://task/marketing_video"), Asset("topview://task/scraper")]) as dag:
    TopviewCreditDetailOperator(task_id="credits")
