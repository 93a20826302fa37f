"""TLS without a socket: bytes from the wire in, bytes for the wire out. We look at a peer here, we do not trust it.

Nothing is verified, and versions and ciphers are allowed that no browser would take, since an old appliance that
speaks nothing better is just what a scan has to find.
"""

from __future__ import annotations

import ssl
import warnings
from functools import cache

_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's own number; Python names it from 3.12 on. Without it a server that cannot renegotiate safely is refused."""


@cache
def context(alpn: str = "") -> ssl.SSLContext:
    """The client side of every handshake: TLS 1.0 to 1.3 as far as this OpenSSL goes, any cipher, no verification.

    `alpn`: the one protocol that is offered; else none is named.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.options |= _LEGACY_SERVER_CONNECT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.TLSv1
    if alpn:
        made.set_alpn_protocols([alpn])
    return made


class TlsError(Exception):
    """The peer broke the protocol, or speaks another one; the message is OpenSSL's reason."""


class TlsLayer:
    """One connection's TLS. `feed` what the wire gave, send what `outgoing` returns, after every other call."""

    def __init__(self, alpn: str = "") -> None:
        """`alpn`: a protocol without which the handshake fails."""
        self._alpn = alpn
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._object = context(alpn).wrap_bio(self._in, self._out)

    def feed(self, data: bytes) -> None:
        """Bytes of the peer; `b""` is the end of its stream."""
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    def outgoing(self) -> bytes:
        return self._out.read()

    def shake(self) -> bool:
        """Go on with the handshake: True when it is done, False when more bytes are needed. TlsError: it failed."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except (ssl.SSLError, ValueError, OSError) as error:
            raise TlsError(_reason(error)) from None
        if self._alpn and self._object.selected_alpn_protocol() != self._alpn:
            raise TlsError(f"the peer does not agree to {self._alpn}")
        return True

    def certificate(self) -> bytes:
        """The peer's leaf certificate, DER; `b""` if it showed none."""
        return self._object.getpeercert(binary_form=True) or b""

    def version(self) -> bytes:
        """As `TLSv1.3`."""
        return (self._object.version() or "").encode()

    def encrypt(self, data: bytes) -> None:
        """TlsError: the peer has ended the session, or broke it."""
        try:
            self._object.write(data)
        except (ssl.SSLError, ValueError) as error:
            raise TlsError(_reason(error)) from None

    def decrypt(self, limit: int) -> bytes | None:
        """At most `limit` bytes of what the peer said; `b""`: it has ended; None: more bytes are needed. TlsError."""
        try:
            return self._object.read(limit)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except (ssl.SSLError, ValueError) as error:
            raise TlsError(_reason(error)) from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error)[:200]
