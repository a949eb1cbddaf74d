"""What the provider adds to Airflow's UI and API server; see ``docs/ui.md``."""
