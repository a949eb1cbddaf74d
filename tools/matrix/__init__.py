"""``make matrix``: the built wheel, alone and under our tests, on each line of Airflow that teams still run."""
