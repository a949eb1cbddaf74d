"""The command line for the person on call: ``topview`` and ``airflow topview``. Nothing in it costs credits."""
