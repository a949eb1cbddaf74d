"""Pacing: when to ask, simulated."""
