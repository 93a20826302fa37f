"""Security advisories of Rocky Linux."""

from __future__ import annotations

from scanner.feeds._osv import advisories

FEED = advisories("Rocky Linux", "BSD-3-Clause", plausible=1_500, largest=128 << 20)
