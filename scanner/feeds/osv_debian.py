"""Security advisories of Debian."""

from __future__ import annotations

from scanner.feeds._osv import advisories

FEED = advisories("Debian", "MIT", plausible=30_000, largest=512 << 20)
