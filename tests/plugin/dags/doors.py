"""Two DAGs alike; the tests keep one user away from one of them."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG

from topview_provider.operators.video import TopviewMarketingVideoOperator

for name in ("open", "closed"):
    with DAG(name, schedule=None) as dag:
        TopviewMarketingVideoOperator(task_id="video", product_link="https://shop.example/p")
        TopviewMarketingVideoOperator.partial(task_id="many").expand(
            product_link=["https://a.example", "https://b.example"]
        )
    globals()[name] = dag
