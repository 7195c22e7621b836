"""The same rows served by other frameworks, each in its usual way."""
