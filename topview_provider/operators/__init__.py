"""Operators, a room per product."""
