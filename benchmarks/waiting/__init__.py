"""Waiting: bursts, steady polling and parked triggers of ours, the peers and the bare clients."""
