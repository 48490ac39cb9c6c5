"""Promises shown by measurement: each module is a command."""
