"""`python -m sheets_crm`: the same as `sheets-crm`."""

from sheets_crm.cli import program

if __name__ == "__main__":
    program()
