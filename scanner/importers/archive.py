"""Compressed files of others, read within bounds: what unpacks to more than its like ever held is refused."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from scanner.errors import BadInput

_MOST_MEMBERS = 400_000
_LARGEST_MEMBER = 64 << 20
_GZIP = b"\x1f\x8b"
_PK = b"PK\x03\x04"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_STORED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def is_zip(head: bytes) -> bool:
    return head.startswith(_PK)


def unpacked(data: bytes, name: str, most: int) -> bytes:
    """What a gzip file holds, or `data` as it is where it is none. BadInput where that is more than `most` bytes."""
    if not data.startswith(_GZIP):
        return data
    reader = zlib.decompressobj(wbits=31)
    try:
        found = reader.decompress(data, most + 1)
    except zlib.error as error:
        raise BadInput(f"{name}: its compressed content is damaged ({error}); fetch it again") from None
    if len(found) > most:
        raise BadInput(f"{name}: unpacks to more than {most >> 20} MiB, which this feed never holds")
    if not reader.eof:
        raise BadInput(f"{name}: breaks off in the middle of its compressed content; fetch it again")
    return found


def members(data: bytes, name: str, most: int, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Each file in a zip whose name ends in `suffix`, by its name, in the order of the names.

    Nothing is written anywhere, so that a name can point where it likes. BadInput where the zip is damaged, locked, or
    unpacks to more than `most` bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            if len(listed) > _MOST_MEMBERS:
                raise BadInput(f"{name}: holds {len(listed):,} files; the limit is {_MOST_MEMBERS:,}")
            wanted = [each for each in listed if each.filename.endswith(suffix) and not each.is_dir()]
            if sum(each.file_size for each in wanted) > most:
                raise BadInput(f"{name}: unpacks to more than {most >> 20} MiB, which this feed never holds")
            for each in sorted(wanted, key=lambda member: member.filename):
                if each.flag_bits & 1 or each.compress_type not in _STORED or each.file_size > _LARGEST_MEMBER:
                    raise BadInput(f"{name}: {each.filename} in it is locked, packed in a strange way, or too large")
                yield each.filename, archive.read(each)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise BadInput(f"{name}: the zip file is damaged ({error}); fetch it again") from None


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as one zip; the same files give the same bytes, whenever and wherever they are packed."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            facts = zipfile.ZipInfo(name, _EPOCH)
            facts.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(facts, files[name])
    return kept.getvalue()
