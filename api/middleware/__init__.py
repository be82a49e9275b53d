"""Middleware, outermost first; plain ASGI, so that sockets pass as well and nothing is buffered.

handover   serves an accepted socket after the request that opened it has returned
proxies    finds the caller's address and scheme, behind trusted proxies
headers    adds the security headers
context    reads or makes the request id, returns it, and binds it to every log line
access     writes one log line and the metrics of a request
signatures signs the answer, where the request asks for it
rates      adds the rate headers, and counts what no route has counted
failures   answers an unexpected error with 500 and logs it
origins    lets browsers of listed origins call
replays    marks an answer that an idempotency key has had before
bodies     limits how much of a body is read, how fast, and how much of all bodies at once
"""
