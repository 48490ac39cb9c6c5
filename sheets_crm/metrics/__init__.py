"""Figures: pure functions over a firm and its verdict, one room a subject; a formula stands in its docstring."""
