"""A real triggerer with a thousand deferred tasks."""
