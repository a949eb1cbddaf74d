"""Ours beside its peers and beside the bare limits, in one run; ``make bench`` starts it."""
