"""Routes, one module for each subject. A route reads the request, calls one use case, and writes the answer."""
