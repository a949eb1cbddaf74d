"""The receiver of TopView's callbacks: what it lets in, and what it makes of it."""

from tests.lines import only_since

only_since((3, 1), "a server for pages and callbacks")
