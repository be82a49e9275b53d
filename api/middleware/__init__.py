"""What every request passes, outermost first; plain ASGI, so that sockets pass as well and nothing is buffered.

handover   a socket goes on after everything that let it in
headers    what a browser must know of every answer
context    the request id, in and out and in every log line
access     one log line and the metrics of a request
failures   an error that nobody expected: 500, and the log has the rest
origins    browsers of listed origins may call
replays    an answer that was given before is marked
bodies     how much of a body is read, how fast, and how much of all bodies at once
"""
