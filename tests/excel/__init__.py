"""A stand-in for Excel: what it does with what is typed, copied and deleted (`model`), seen through xlwings twice."""
