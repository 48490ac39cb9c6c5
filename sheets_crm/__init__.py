"""A linter and a back office for a sales pipeline that lives in a spreadsheet."""

__version__ = "0.1.0"
