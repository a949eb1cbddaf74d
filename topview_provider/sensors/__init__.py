"""Sensors, one per query endpoint."""
