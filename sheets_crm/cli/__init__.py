"""The command line: arguments are parsed, the work is called, the answer is printed, the exit code is set."""

from sheets_crm.cli.app import main, program

__all__ = ["main", "program"]
