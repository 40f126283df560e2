"""Fonts, measuring and wrapping: one measure for captions and graphics."""
