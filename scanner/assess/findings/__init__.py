"""One kind of finding a file."""
