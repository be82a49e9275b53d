"""The measures: each computes one or more numbers of one or two pictures, and the numbers expected of noise."""
