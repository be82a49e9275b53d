"""Generated API clients against the running system."""
