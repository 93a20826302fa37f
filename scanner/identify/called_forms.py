"""The forms in which services name themselves, a few for each kind of reading: see `called`.

Every repetition is bounded, and no form is tried on more than LONGEST characters.
"""

from __future__ import annotations

import re

LONGEST = 512
_REST = r"(?P<rest>(?:[-~+.]?[A-Za-z]|[-~+]\d)[\w.+~-]{0,32})?"
_VERSION = rf"[vr]?(?P<version>\d{{1,5}}(?:\.\d{{1,8}}){{1,4}}){_REST}"
_NAME = r"(?P<name>[A-Za-z][\w+.-]{2,32}?)"
_WORD = r"(?P<name>[A-Za-z][\w-]{2,32}?)"
_COMMENT = r"(?: ?[(\[;][ -~]{0,200})?"
_PLATFORMS = (
    r"(?: (?:C?Python|PHP|Perl|Ruby|OpenSSL|Werkzeug|WSGIServer|aiohttp|gevent|Twisted|Tornado|Go|Java|Node"
    r"|libmicrohttpd)/[\w.+~-]{1,24})"
)
"""What an application is written in, as it stands behind the application's own word in a Server header."""
_UPNP = r"(?:[A-Za-z][\w.+-]{0,32}/[\w.+~-]{1,32},? )?(?:DLNADOC/[\d.]{1,8},? )?UPnP/[12]\.\d,? "
"""`OS/version UPnP/version` before the product, by the UPnP Device Architecture."""
_MARKED = r"(?:[vV]\.? ?|[vV]er\.? ?|[vV]ersion:? ?|[rR]elease:? ?)(?P<version>\d{1,5}(?:\.\d{1,8}){1,4})"
_PLAIN = r"(?P<version>(?!\d{1,2}\.\d{1,2}\.[23]\d(?!\d))(?:20\d\d|\d{1,3})\.\d{1,3}\.\d{1,3}(?![\d.]*\d))"
"""A version without the word before it: three numbers that are no address and no date."""
_TITLED = (
    r"(?!(?:[Pp]owered|[Gg]enerated|[Bb]uilt|[Mm]ade|[Rr]unning|[Ww]elcome) )"
    r"(?P<name>[A-Za-z][\w+.-]{1,32}(?: [\w+.-]{1,32}){0,2}?)[ ,:|(-]{1,4}"
)
_SERVER = (
    # The whole of a header: one product, and at most a comment behind it.
    re.compile(rf"{_NAME}[/ -]{_VERSION}{_COMMENT}"),
    # Perl's modules: `Net::Weaver::HTTP/2.013`.
    re.compile(rf"(?P<name>[A-Za-z]\w{{1,32}}(?:::\w{{1,32}}){{1,3}})/{_VERSION}{_COMMENT}"),
    # What an application is written in before its own word: `Perl Weaver2 0.40`.
    re.compile(rf"(?:Perl|Python|Ruby|PHP|Java|Go|Node) {_NAME}[/ ]{_VERSION}{_COMMENT}"),
    re.compile(rf"{_NAME}/{_VERSION}(?: \([^()]{{0,100}}\))?{_PLATFORMS}{{1,4}}"),
    re.compile(rf"{_UPNP}{_NAME}/{_VERSION}{_COMMENT}"),
)
_KEY = r'"(?:app|application|name|product|server|service|title)":\s*"(?P<name>[A-Za-z][\w+ -]{2,32})"'
_FIELDS = r'(?:"\w{1,32}":\s*(?:"[^"\\]{0,64}"|\d{1,16}|true|false|null)\s*,\s*){0,3}'
_JSON_VERSION = rf'"version":\s*"{_VERSION}"'
_MAIL = r"(?:IMAP4?(?:rev1)?|POP3|NNTP|NNRP)"
_OPENED = r"(?:\[[^\]]{0,300}\] )?(?:Welcome to (?:the )?|[\w-]{1,63}(?:\.[\w-]{1,63}){1,8},? )?"
_READY = rf"(?: [Ss]erver| [Ss]ervice)?(?:/| \(?(?:[vV]ersion )?){_VERSION}(?:[ ,;)(][ -~\n]{{0,300}})?"
_MAILBOX = (
    # An owner's greeting goes `Shop 3.2.1 ready`: the protocol's word has to stand beside the name, or in it.
    re.compile(rf"{_OPENED}{_MAIL} {_WORD}{_READY}"),
    re.compile(rf"{_OPENED}{_WORD} {_MAIL}{_READY}"),
    re.compile(
        rf"{_OPENED}(?P<name>[A-Za-z][\w-]{{0,24}}(?:[Ii][Mm][Aa][Pp]|[Pp][Oo][Pp]|[Nn][Nn][Tt][Pp]|[Nn][Ee][Ww][Ss])"
        rf"[\w-]{{0,12}})(?:/[A-Za-z]{{2,16}})?{_READY}"
    ),
)
FORMS: dict[str, tuple[re.Pattern[str], ...]] = {
    **dict.fromkeys(("http.server", "ssdp.server", "sip.server", "rtsp.server", "icap.server"), _SERVER),
    # RFC 4253: what stands behind the protocol's version is the software's name and version.
    "ssh": (re.compile(rf"(?P<name>[A-Za-z][A-Za-z+.]{{2,32}})[_/-]{_VERSION}(?: [ -~]{{0,200}})?"),),
    # The signature below a page that refuses: `<i>pmproxy/6.0.3</i>`.
    "http.error": (
        re.compile(
            rf"[\s\S]{{0,{LONGEST}}}?<(?:address|center|em|i|small)>(?P<name>[A-Za-z][\w+.-]{{2,32}})/{_VERSION}"
            r"(?: ?[(\[;][^<]{0,200}| at [^<]{0,200})?</[\s\S]*"
        ),
    ),
    "http.title": (
        # Prometheus' exporters title the page at `/` with their name alone.
        re.compile(r"(?P<name>[A-Za-z][\w-]{1,30}(?: [A-Za-z][\w-]{1,30})? [Ee]xporter)"),
        # With three numbers: an owner's title goes `Intranet 2.0`.
        re.compile(rf"{_WORD} [v(]?{_PLAIN}{_REST}\)?(?: ?[-:|][ -~]{{0,80}}| [Ll]og ?[Ii]n| [Ss]ign [Ii]n)?"),
        # Under a page of its own that refuses: `404 Not found - weaver v1.5.2`.
        re.compile(rf"[45]\d\d [A-Za-z ]{{2,40}} [-|:] {_WORD}[ /]{_MARKED}{_REST}"),
    ),
    # What made the page: a name, a stroke and a version are a program's words.
    "http.generator": (re.compile(rf"{_WORD}/{_VERSION}"),),
    "http.powered-by": (re.compile(rf"(?P<name>[A-Za-z][\w+.-]{{2,32}})/{_VERSION}{_COMMENT}"),),
    # `Powered by <a>Weaver</a> 1.2`, and the page's own name with a version behind it.
    "http.text": (
        re.compile(rf"(?:Powered by|Running on) {_WORD}[ /,:|(-]{{1,4}}{_VERSION}(?![\w+~])[\s\S]*"),
        re.compile(rf"{_TITLED}{_MARKED}{_REST}(?![\w+~])[\s\S]*"),
        re.compile(rf"{_TITLED}{_PLAIN}{_REST}(?![\w+~])[\s\S]*"),
    ),
    "http.body": (
        # A service's own answer at `/`: {"name": "stock", "version": "2.3.1"}, also the other way round.
        re.compile(rf"\{{\s*{_KEY}\s*,\s*{_FIELDS}{_JSON_VERSION}\s*[,}}][\s\S]*"),
        re.compile(rf"\{{\s*{_JSON_VERSION}\s*,\s*{_FIELDS}{_KEY}\s*[,}}][\s\S]*"),
        re.compile(rf'\{{\s*"{_WORD}":\s*"[Ww]elcome[^"\\]{{0,64}}"\s*,\s*{_JSON_VERSION}\s*[,}}][\s\S]*'),
        # A page of one line of text.
        re.compile(rf"{_WORD}(?: \([A-Za-z][\w -]{{1,32}}\))?[ /](?:[vV]ersion )?{_VERSION}"),
    ),
    "ftp": (
        # Brackets around name and version, or around the version alone: an owner's own words do not come so.
        re.compile(rf"\S{{1,255}} FTP server \((?P<name>[A-Za-z][\w-]{{2,32}})[/ ]{_VERSION}\) ready\.?"),
        # Behind the host's name, as those write it that give both: `ftp.lab.example GridFTP Server 13.24 (...)`.
        re.compile(
            rf"[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}} {_WORD}(?: FTP)? [Ss]erver[ /]\(?(?:[vV]ersion )?{_VERSION}"
            r"(?:[ )(,;-][ -~]{0,300})?"
        ),
        re.compile(
            rf"{_WORD} FTP(?: [Ss]erver)?[ /](?=v?\d{{1,3}}\.\d{{1,3}}\.\d){_VERSION}"
            r"(?:[ ,][ -~]{0,60})? ready\.?"
        ),
    ),
    "smtp": (
        re.compile(rf"\S{{1,255}} E?SMTP (?P<name>[A-Za-z][\w-]{{2,32}})[/ ]{_VERSION}(?:[ ;,(][ -~]{{0,200}})?"),
        re.compile(rf"\S{{1,255}} E?SMTP (?:[Ss]erver |[Ss]ervice )?\({_WORD}[/ ]{_VERSION}\)(?:[ ;,][ -~]{{0,200}})?"),
        re.compile(rf"\S{{1,255}} {_WORD}[/ ]{_VERSION},? \(?E?SMTP\b[ -~]{{0,200}}"),
    ),
    **dict.fromkeys(("imap", "pop3", "nntp"), _MAILBOX),
    # Of a protocol that we do not know: the first line, where a version is marked or has three numbers.
    "banner": (
        re.compile(
            rf"[ *#+@!-]{{0,8}}(?:[Ww]elcome to (?:the )?)?{_WORD}(?:/|[ ,]{{1,2}}){_MARKED}{_REST}(?:\W[\s\S]*)?"
        ),
        re.compile(
            rf"[ *#+@!-]{{0,8}}(?:[Ww]elcome to (?:the )?)?{_WORD}(?:/|[ ,]{{1,2}}){_PLAIN}{_REST}(?:\W[\s\S]*)?"
        ),
    ),
    # RFC 2812, reply 002.
    "irc.welcome": (
        re.compile(
            r"[\s\S]{0,400}? running version (?P<name>[A-Za-z][A-Za-z+-]{2,32}?)[-_/ (]{1,2}"
            rf"{_VERSION}(?:[ ,;)(\n][\s\S]*)?"
        ),
    ),
    # The server's properties, a line each.
    "amqp": (re.compile(rf"(?:[\s\S]{{0,400}}\n)?product={_NAME}\nversion={_VERSION}(?:\n[\s\S]*)?"),),
    "ldap.rootdse": (
        re.compile(
            r"(?:[\s\S]{0,400}\n)?vendorversion: (?P<name>[A-Za-z][\w -]{2,40}?)[/ ](?:[vV]ersion )?"
            rf"{_VERSION}(?:[ \n(][\s\S]*)?"
        ),
    ),
    # The name of an implementation, and its identifier: `dcm4che-5.23.1 1.2.40.0.13.1.3`.
    "dicom": (re.compile(rf"{_WORD}[ /_-]{_VERSION}(?: [\d.]{{1,64}})?"),),
    "memcached": (re.compile(rf"VERSION {_WORD}(?: version)?[ /]{_VERSION}"),),
    "metrics.build": (
        re.compile(
            r"(?P<name>[a-z][a-z0-9_]{2,40})_build_info\{(?:[^{}]{0,400},)?"
            r'version="v?(?P<version>\d{1,5}(?:\.\d{1,8}){1,4})(?P<rest>~?(?:rc|beta|alpha)[.-]?\d{1,4})?[-+"]'
            r"[^{}]{0,400}\}[ -~]{0,40}"
        ),
    ),
}
"""Kind of reading to its forms, the first that fits wins."""
