"""A Google Sheets on loopback: what it keeps (`book`), how it computes (`formulas`), how it is reached (`server`)."""
