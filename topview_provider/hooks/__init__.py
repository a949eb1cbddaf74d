"""The one place that talks to TopView."""
