"""What the Makefile runs: a real Airflow on loopback, the demo, measurements. Not part of the wheel."""
