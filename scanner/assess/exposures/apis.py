"""Interfaces of clusters that answer without TLS, behind which their real guard, client certificates, cannot stand."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.assess.exposures.rule import Exposure, Service, each_service


def _find(service: Service) -> Iterator[Exposure]:
    if service.encrypted:
        return
    if service.raw("kubernetes.version"):
        # The API server takes plain HTTP only on its insecure port, on which it asks nobody who he is.
        yield Exposure(
            "kubernetes-insecure", "unauthenticated", "critical", "the Kubernetes API answers without TLS and login",
            "Turn the insecure port of the Kubernetes API off.", service, service.shown("kubernetes.version"),
            replay="curl -s http://{h}:{p}/version",
        )  # fmt: skip
    if service.raw("etcd.version", "etcd"):
        yield Exposure(
            "etcd-cleartext", "cleartext", "high", "etcd, which holds a cluster's secrets, answers without TLS",
            "Serve etcd over TLS with client certificates (`--cert-file`, `--client-cert-auth`).", service,
            service.shown("etcd.version", "etcd"), replay="curl -s http://{h}:{p}/version",
        )  # fmt: skip


RULE = each_service(_find, frozenset({"kubernetes.version", "etcd.version", "etcd"}))
