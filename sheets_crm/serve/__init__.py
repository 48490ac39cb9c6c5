"""Runs that somebody asks for from within a spreadsheet: by a signed request (`door`) or by a checkbox (`watch`)."""
