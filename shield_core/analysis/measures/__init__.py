"""The measures: one number, or a few, of one or two pictures, each with what noise would give."""
