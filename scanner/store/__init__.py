"""The journal of observations: append-only, SQLite in WAL mode, several writers at once, nothing lost to a kill."""

from scanner.store.journal import Journal, Store

__all__ = ["Journal", "Store"]
