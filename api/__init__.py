"""The front door: HTTP and WebSocket, and nothing behind them.

`app` puts it together and `main` is what a server imports; `lifespan` opens and closes what stands behind the door.
`server` takes connections and stops taking them, `connections` has an end to its patience, and `idempotency` does what
comes twice once.
`middleware` is what every request passes, `routes` and `ws` are the addresses, `schemas` their shapes. `uploads`
reads pictures into memory, `downloads` hands them out, `preferences` and `waiting` are the `Prefer` header. `errors`
turns every refusal into one problem document, and `openapi` describes all of it.
"""
