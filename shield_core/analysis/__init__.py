"""Measures of what was done to a picture. They can expose a bad cipher; they cannot prove a good one.

A walk through it, in the order in which two pictures become a report:

- `picture` is a decoded picture, and the door for files; `tally` counts all of it in one pass of `kernels`.
- `entropy`, `histogram`, `correlation`, `differential` and `fidelity` make numbers of the counts and judge each against
  noise, with the tails of `distributions`; a `findings.Finding` is one number with its verdict.
- `judgement` makes every test, `grade` derives the letter, `caveats` has the words, `charts` the data to draw.
- `report` is all of that as one value: `analyze`.
- `contents` puts it in words, `figures` in shapes; `page` and `sheet` print them as HTML and PDF.
- `avalanche` flips single bits and counts what changes.

Nothing here imports numba or reportlab before it is needed.
"""
