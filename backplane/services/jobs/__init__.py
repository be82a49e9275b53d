"""Jobs: their submission, estimates, progress, control and end."""
