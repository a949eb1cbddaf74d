"""Who plays which cells: what is done to them, step by step."""
