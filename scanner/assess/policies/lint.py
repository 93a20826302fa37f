"""Rules of a site file that do not do what whoever wrote them may think: repeated, contradicted, idle, or too wide.

A site without notes is no safer than another: the notes say that the policy is what it looks like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from scanner.assess.attack.classes import CREDENTIAL_PORTS
from scanner.assess.policies.policy import Policy, requirements
from scanner.assess.policies.policy_space import Cell, Region, Space, union, within, without
from scanner.model.addresses import ports_text
from scanner.model.report import PolicyNoteKind, PolicyNoteRow
from scanner.model.site import EVERY_ZONE, ServiceRange, Site, Written
from scanner.model.text import visible

_MOST_CELLS = 2_000_000
"""Beyond so many pairs of sources and targets the rules are not compared: seconds of work."""
_WIDE = 1 << 15
"""TCP ports; a rule that lets so many pass says nothing."""
_NAMED = 4
_TOLD = 20
_LOGINS = CREDENTIAL_PORTS - {514}
"""Without the one that is syslog's, where it is not rsh's."""


def lint(site: Site) -> tuple[PolicyNoteRow, ...]:
    """Every note, in the order of the file: `allow`, then `require`, then `deny`."""
    keys = ("allow", "require", "deny")
    rules = {key: site.written(key) for key in keys}
    plain = [rule for key in keys for each in rules[key] for rule in each.plain]
    space = Space(site, plain, [("tcp", port) for port in sorted(_LOGINS)])
    notes = list(_outside(site, [each for key in keys for each in rules[key]], space))
    if sum(map(space.cells, plain)) > _MOST_CELLS:
        text = f"{len(plain)} rules over so many addresses are too much to compare: none is checked against the others"
        return (*notes, PolicyNoteRow("allow", "unchecked", text))
    lost = {note.rule for note in notes}
    regions = {each.key: space.region(each.plain) for key in keys for each in rules[key]}
    notes += [
        _note(each, "useless", _inside(key))
        for key in keys
        for each in rules[key]
        if not regions[each.key] and each.key not in lost
    ]
    live = {key: [each for each in rules[key] if regions[each.key]] for key in keys}
    denied = union(regions[each.key] for each in live["deny"])
    notes += _repeated(live["allow"], live["require"], regions, lambda region: without(region, denied))
    allowed = union(regions[each.key] for each in (*live["allow"], *live["require"]))
    notes += _repeated(live["deny"], (), regions, lambda region: within(region, allowed))
    notes += _without_effect(live, regions, denied, allowed)
    notes += _required(site, live["require"])
    notes += _too_wide(site, space, (*live["allow"], *live["require"]), regions, denied)
    place = {each.key: number for number, each in enumerate(each for key in keys for each in rules[key])}
    return tuple(sorted(notes, key=lambda note: place.get(note.rule, len(place))))


def told(path: str, notes: Sequence[PolicyNoteRow]) -> list[str]:
    """The first of them as sentences about the site file at `path`, and how many more there are."""
    more = [f"{path}: and {len(notes) - _TOLD} more notes on its rules"] if len(notes) > _TOLD else []
    return [*(f"{path}: {each.text}" for each in notes[:_TOLD]), *more]


def _note(rule: Written, kind: PolicyNoteKind, text: str) -> PolicyNoteRow:
    return PolicyNoteRow(rule.key, kind, f"{rule} {text}")


def _inside(key: str) -> str:
    what = "denied" if key == "deny" else "allowed" if key == "allow" else "tested"
    mend = "to keep its hosts apart, set `isolated: true`" if key == "deny" else "delete the rule"
    return f"stays inside of one zone, where nothing is {what} by a rule; {mend}"


def _outside(site: Site, rules: Iterable[Written], space: Space) -> Iterator[PolicyNoteRow]:
    """Addresses that no zone has: no vantage ever tests them, and no verdict is drawn."""
    for number, critical in enumerate(site.critical):
        lost = [host for host in critical.hosts if site.zone_of(host) is None]
        if lost:
            where = f"critical[{number}] ({visible(critical.name, 80)})"
            text = f"{where}: {', '.join(lost)} is in no zone, so that nothing tests what reaches it; add it to one"
            yield PolicyNoteRow(f"critical[{number}]", "outside", text)
    for each in rules:
        ends = dict.fromkeys(
            end
            for rule in each.plain
            for end, axis in ((rule.from_, space.sources), (rule.to, space.targets))
            if end != EVERY_ZONE and not axis.of(end)
        )
        if ends:
            yield _note(each, "outside", f"names {', '.join(ends)}, which is in no zone: it decides nothing there")


def _repeated(
    rules: Sequence[Written],
    others: Sequence[Written],
    regions: Mapping[str, Region],
    effect: Callable[[Region], Region],
) -> Iterator[PolicyNoteRow]:
    """Rules whose whole effect the rest has, too. All of those named can go at once: each is told by what stays.

    `effect`: what of a region makes a difference. `others` are never named, and have effects of their own.
    """
    effects = {each.key: effect(regions[each.key]) for each in (*rules, *others)}
    holders: dict[Cell, dict[str, int]] = defaultdict(dict)
    for key, region in effects.items():
        for cell, mask in region.items():
            holders[cell][key] = mask
    gone: list[Written] = []
    for each in reversed(rules):
        mine = effects[each.key]
        if mine and all(not mask & ~_rest(holders[cell], each.key) for cell, mask in mine.items()):
            gone.append(each)
            for cell in mine:
                del holders[cell][each.key]
    stay = [each for each in (*rules, *others) if each not in gone]
    for each in reversed(gone):
        mine = effects[each.key]
        same = next((one for one in stay if regions[one.key] == regions[each.key]), None)
        whole = next((one for one in stay if not without(mine, effects[one.key])), None)
        if same is not None:
            yield _note(each, "duplicate", f"says the same as {same}; delete one of them")
        elif whole is not None:
            yield _note(each, "shadowed", f"changes nothing: {whole} covers all of it; delete it, or narrow that one")
        else:
            parts = [one for one in stay if within(mine, effects[one.key])]
            more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
            names = ", ".join(map(str, parts[:_NAMED]))
            yield _note(each, "shadowed", f"changes nothing: {names}{more} together cover all of it; delete it")


def _rest(holders: Mapping[str, int], key: str) -> int:
    found = 0
    for other, mask in holders.items():
        if other != key:
            found |= mask
    return found


def _without_effect(
    live: Mapping[str, Sequence[Written]], regions: Mapping[str, Region], denied: Region, allowed: Region
) -> Iterator[PolicyNoteRow]:
    for each in live["allow"]:
        if not without(regions[each.key], denied):
            by = [str(one) for one in live["deny"] if within(regions[each.key], regions[one.key])]
            yield _note(each, "contradiction", f"never takes effect: {', '.join(by[:_NAMED])} denies all of it")
    for each in live["deny"]:
        if not within(regions[each.key], allowed):
            yield _note(each, "useless", "denies nothing that is allowed: what no rule allows is forbidden anyway")


def _required(site: Site, rules: Sequence[Written]) -> Iterator[PolicyNoteRow]:
    """Requirements that were made before, and those that a denial forbids: they are not tested."""
    before: dict[tuple[str, str, str, int], Written] = {}
    policy = Policy(site)
    denials = [str(each) for each in site.written("deny") for _ in each.plain]
    for each in rules:
        needs = [need for rule in each.plain for need in requirements(site, rule)]
        names = [(need.source, need.to, need.transport, need.port) for need in needs]
        if names and all(name in before for name in names):
            earlier = dict.fromkeys(str(before[name]) for name in names)
            yield _note(each, "duplicate", f"requires nothing that {', '.join(earlier)} does not; delete it")
        before |= {name: each for name in names if name not in before}
        forbidden: dict[str, list[str]] = defaultdict(list)
        for need in needs:
            denial = policy.denial_of(need)
            if denial is not None:
                forbidden[denials[denial]].append(f"{need.source} → {need.to} {need.transport}/{need.port}")
        for by, flows in forbidden.items():
            more = f" and {len(flows) - _NAMED} more" if len(flows) > _NAMED else ""
            what = f"{', '.join(flows[:_NAMED])}{more}"
            yield _note(each, "contradiction", f"requires what {by} denies: {what}; the denial counts")


def _too_wide(
    site: Site, space: Space, rules: Sequence[Written], regions: Mapping[str, Region], denied: Region
) -> Iterator[PolicyNoteRow]:
    """What strangers may do to critical systems by the policy itself: no test can call it a gap."""
    trust = {zone.name: zone.trust for zone in site.zones}
    guarded = {part for part, zone in enumerate(space.targets.zone) if trust[zone] == "critical"}
    for critical in site.critical:
        guarded.update(part for host in critical.hosts for part in space.targets.of(host))
    logins = {port: space.mask(ServiceRange("tcp", port, port)) for port in sorted(_LOGINS)}
    for each in rules:
        wide: dict[str, None] = {}
        ways: dict[str, set[int]] = defaultdict(set)
        for (source, target), mask in without(regions[each.key], denied).items():
            if target not in guarded or trust[space.sources.zone[source]] != "untrusted":
                continue
            pair = f"{space.sources.zone[source]} → {space.targets.zone[target]}"
            if space.count(mask, "tcp") >= _WIDE:
                wide[pair] = None
            ways[pair] |= {port for port, bit in logins.items() if mask & bit}
        if wide:
            pairs = ", ".join(wide)
            yield _note(each, "void", f"lets an untrusted zone do everything to critical systems ({pairs}): no policy")
        for pair, ports in ways.items():
            if ports and pair not in wide:
                text = f"lets an untrusted zone log in to critical systems: {pair} tcp/{ports_text(ports)}"
                yield _note(each, "credential", text)
