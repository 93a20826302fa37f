"""Topologies raised as network namespaces (`namespaces`), or computed in memory (`simulate`): the same answers."""
