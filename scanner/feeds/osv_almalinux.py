"""Security advisories of AlmaLinux."""

from __future__ import annotations

from scanner.feeds._osv import advisories

FEED = advisories("AlmaLinux", "MIT", plausible=2_000, largest=128 << 20)
