"""Statistical analysis of an original and its encrypted picture. It can expose a bad cipher, not prove a good one.

Its modules, in the order in which two pictures become a report:

- `measures.picture` is a decoded picture, and decodes files; `measures.tally` counts everything in one pass.
- `measures.shannon`, `histogram`, `correlation`, `differential` and `fidelity` compute numbers from the counts and
  judge each against noise, with the tails of `distributions`; a `findings.Finding` is one number with its verdict.
- `judgment` runs every test, `grade` derives the letter, `caveats` has the explanations, `charts` the data of charts.
- `document` returns all of that as one value: `analyze`.
- `report.contents` writes it as text, `report.figures` as shapes; `report.page` and `report.sheet` render HTML and PDF.
- `measures.avalanche` flips single bits and counts what changes.

Nothing here imports numba or reportlab before it is needed.
"""
