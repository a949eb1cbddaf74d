"""The receiver of TopView's callbacks: what it lets in, and what it makes of it; skipped where no Airflow serves it."""

from tests.lines import served

served()
