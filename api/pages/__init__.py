"""The explorer: pages for people, a client of the same answers that programs get. No scripts; every page is an address."""

from api.pages.pages import add_pages

__all__ = ["add_pages"]
