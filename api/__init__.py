"""The service: everything that knows the web or the database."""
