"""Airflow's forms, in which a person approves: what they show, and what becomes of each answer."""

from tests.lines import only_since

only_since((3, 1), "forms for people")
