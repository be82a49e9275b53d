"""What goes on after the first byte of the answer: sockets, event streams, and waiting for the end of a job."""
