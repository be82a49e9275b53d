"""The addresses, a module a noun. A route reads what was sent, calls one use case, and says what came of it."""
