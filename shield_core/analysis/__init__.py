"""Measures of what was done to a picture. They can expose a bad cipher; they cannot prove a good one.

`entropy` is how evenly the values are used.
"""
