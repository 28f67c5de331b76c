"""What survives `kill -9`: real processes, real sockets, and a receiver that remembers."""
