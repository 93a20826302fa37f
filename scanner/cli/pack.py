"""`fencewalk pack`: an insurer's evidence pack, signed; and whether one is still what was signed."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from scanner.cli._options import STORE, TODAY, check_outputs, check_store, write_output
from scanner.errors import BadInput
from scanner.model.text import plural, visible


@click.command("pack", short_help="A signed evidence pack for an insurer or auditor.")
@click.argument("site", required=False, type=click.Path(path_type=Path, readable=False))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="PATH", help="A new folder, or a file .zip.")
@click.option(
    "--key", type=click.Path(path_type=Path), metavar="FILE",
    help="Sign with this Ed25519 key in PEM (default: one of your own, made at the first pack).",
)  # fmt: skip
@click.option(
    "--capture", "captures", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Put packets in that `scan --capture` wrote. May be given several times.",
)  # fmt: skip
@click.option("--check", "checked", type=click.Path(path_type=Path), metavar="PATH", help="Check this pack instead.")
@click.option("--trust", metavar="FINGERPRINT", help="With --check: the key that it has to be signed with.")
@TODAY
@STORE
def COMMAND(
    site: Path | None,
    output: Path | None,
    key: Path | None,
    captures: tuple[Path, ...],
    checked: Path | None,
    trust: str | None,
    today: datetime.date | None,
    store: Path | None,
) -> None:
    """Put SITE's report and all that it rests on into one signed folder or zip, or check one.

    The pack holds the report for readers and programs, coverage, the age of missing fixes, exceptions, attestations
    with their files, the site file, and an insurer's questions, each answer labelled observed, attested or not tested.
    --check ends with 0 if nothing was changed, with 1 if something was, and names the first changed byte of each file.

    \b
    fencewalk pack site.yaml -o evidence.zip
    fencewalk pack --check evidence.zip --trust 1a2b-...
    """
    if checked is not None:
        if site is not None or output is not None or key is not None or captures:
            raise BadInput("--check takes a pack and, with --trust, a fingerprint; leave SITE and the rest out")
        click.get_current_context().exit(_check(checked, trust))
    if trust is not None:
        raise BadInput("--trust says whose key a checked pack has to have: add --check PATH")
    if site is None:
        raise BadInput("Name a site file to make a pack of, or a pack with --check PATH.")
    if output is None:
        raise BadInput("-o says where the pack goes: a new folder, or a file such as evidence.zip; add it")
    _make(site, output, key, captures, today, store)


def _make(
    site: Path,
    output: Path,
    key: Path | None,
    captures: tuple[Path, ...],
    today: datetime.date | None,
    store: Path | None,
) -> None:
    from scanner import session
    from scanner.pack.archive import is_zip, write_folder, zipped
    from scanner.pack.keys import signing_key
    from scanner.pack.make import gathered, sealed
    from scanner.pack.manifest import MANIFEST, SIGNATURE, Signature
    from scanner.pack.questions import beyond

    where = session.store_path(site, store)
    exceptions = site.parent / session.EXCEPTIONS
    check_store(where, create=False)
    check_outputs((str(output),), (site, where, exceptions, *captures))
    if not is_zip(output) and output.exists() and not output.is_dir():
        raise BadInput(f"{output}: is a file; name a new folder, or a file that ends in .zip")
    report = session.assess_site(site, store, today, changes=True)
    for warning in session.warnings(site, report):
        click.echo(f"fencewalk: {warning}", err=True)
    files, lacking = gathered(report, site, exceptions, captures, beyond(session.load_site(site), report))
    for each in lacking:
        click.echo(f"fencewalk: {each}; the pack goes without it", err=True)
    signing, kept, new = signing_key(key)
    pack = sealed(report, files, signing)
    if is_zip(output):
        write_output(str(output), zipped(pack))
    else:
        write_folder(output, pack)
    import msgspec

    fingerprint = msgspec.json.decode(pack[SIGNATURE], type=Signature).fingerprint
    if new:
        click.echo(
            f"fencewalk: made a key to sign packs with: {kept}; keep it to yourself: others need its fingerprint",
            err=True,
        )
    click.echo(f"{output}: {plural(len(pack) - len((MANIFEST, SIGNATURE)), 'file')}, signed with {fingerprint}")


def _check(path: Path, trust: str | None) -> int:
    from scanner.pack.check import check

    found = check(path, trust)
    name = visible(str(path))
    for each in found.troubles:
        click.echo(f"{name}: {each}")
    if found.troubles:
        return 1
    by = "as you asked" if trust is not None else "compare the key with its maker's, by another way"
    click.echo(f"{name}: as it was signed with {found.fingerprint} ({by}): {found.about}")
    return 0
