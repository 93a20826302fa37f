"""Security advisories of Ubuntu."""

from __future__ import annotations

from scanner.feeds._osv import advisories

FEED = advisories("Ubuntu", "CC-BY-SA-4.0", plausible=30_000, largest=1024 << 20)
