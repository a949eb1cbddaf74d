"""Loading: what imports and DAG files cost."""
