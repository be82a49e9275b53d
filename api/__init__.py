"""The gateway: HTTP and WebSocket.

`main` is what a server imports; `app` builds the application, and `lifespan` opens and closes its resources.
`routes` and `ws` are the endpoints, `schemas` their requests and answers. `requests` reads forms, idempotency keys,
cursors, preferences and ranges; `answers` writes jobs, files and documents. `errors` turns every refusal into one
problem document. `live` holds event streams and waiting, `middleware` what every request passes, `serving` the
connections, start and stop. `site` serves the web console.
`openapi` completes the OpenAPI document.
"""
