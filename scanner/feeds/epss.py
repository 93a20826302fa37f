"""FIRST's Exploit Prediction Scoring System."""

from __future__ import annotations

from scanner.feeds.feed import Feed
from scanner.importers.epss_csv import is_epss, read_epss
from scanner.model.feeds import Probability

FEED = Feed(
    title="Exploit Prediction Scoring System",
    says="how likely it is that a flaw is exploited within thirty days",
    licence="free to use, FIRST.org to be named",
    url="https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    hosts=("epss.cyentia.com",),
    limit_days=14,
    largest=64 << 20,
    plausible=100_000,
    facts=dict[str, Probability],
    read=read_epss,
    recognises=is_epss,
)
