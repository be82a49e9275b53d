"""The report of an analysis, as HTML and as PDF."""
