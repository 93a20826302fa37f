"""`python -m scanner.cli` is `fencewalk`."""

from scanner.cli import main

main()
