"""The .xlsx file as a host."""
