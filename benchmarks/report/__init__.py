"""What a run comes to: figures, goals, the document and its plots."""
