"""The explorer: pages for people, a client of the API that programs use. No scripts; every view has its own address."""

from api.pages.pages import add_pages

__all__ = ["add_pages"]
