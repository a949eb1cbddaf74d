"""Ours beside its peers and beside the bare clients, in one run; ``make bench`` starts it."""
