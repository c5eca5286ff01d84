"""Tables of the credentials: what is stored, what is due, who used it."""

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from daznode.domain.credentials import TrailCheck, TrailEntry
from daznode.usecases.credentials import Added, Listing, Rotated

_DASH: Final = "-"


def print_added(added: Added) -> None:
    """What was stored, and where it may do more than it should."""
    stored = added.credential
    console = _console()
    console.print(
        f"{stored.name}: stored as version {stored.version}, under key {stored.key_id}",
        markup=False,
    )
    console.print(f"it {_may(added.grants)}; rotate it by {stored.due_at():%Y-%m-%d}", markup=False)
    _print_warnings(added.warnings)


def print_listing(listing: Listing) -> None:
    """The stored credentials."""
    console = _console()
    if not listing.credentials:
        console.print("No credential is stored. Store one: daznode credentials add --help")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("name", "kind", "version", "state", "stored", "rotate by", "note"):
        table.add_column(name, no_wrap=name != "note", overflow="fold")
    for one in listing.credentials:
        credential = one.credential
        if credential is None:
            table.add_row(
                escape(one.name), _DASH, str(one.version), "damaged", _DASH, _DASH, escape(one.hint)
            )
            continue
        table.add_row(
            escape(one.name),
            credential.kind.value,
            str(one.version),
            credential.state.value,
            f"{credential.stored_at:%Y-%m-%d}",
            _DASH if one.rotate_by is None else f"{one.rotate_by:%Y-%m-%d}",
            escape(one.hint),
        )
    console.print(table)
    _print_check(listing.check)


def print_rotated(rotated: Rotated) -> None:
    """What is in use now, and what is left to do."""
    console = _console()
    made = "made by the node" if rotated.is_minted else "as given"
    console.print(
        f"{rotated.credential.name}: version {rotated.credential.version} is in use, {made}; "
        f"the secret of version {rotated.old_version} is destroyed here",
        markup=False,
    )
    if rotated.is_old_ended:
        console.print("the node takes the old one no more")
    if rotated.hint:
        console.print(rotated.hint, markup=False)
    _print_warnings(rotated.warnings)


def print_trail(entries: tuple[TrailEntry, ...], check: TrailCheck) -> None:
    """The last entries of the audit trail."""
    if entries:
        table = Table(box=None, pad_edge=False)
        for name in ("number", "time, UTC", "who", "what", "credential", "purpose", "outcome"):
            table.add_column(name, overflow="fold")
        for one in entries:
            which = f"{one.name} {one.version}" if one.version else one.name
            table.add_row(
                str(one.number),
                f"{one.at:%Y-%m-%d %H:%M:%S}",
                escape(one.actor),
                one.action.value,
                escape(which) or "all",
                escape(one.purpose),
                one.outcome,
            )
        _console().print(table)
    _print_check(check)


def _print_check(check: TrailCheck) -> None:
    if not check.faults:
        earlier = check.n_entries - check.n_proven
        unproven = f", {earlier} earlier ones were accepted unproven" if earlier else ""
        _console().print(f"audit trail: {check.n_proven} entries, whole{unproven}")


def _print_warnings(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        _console().print(f"warning: {warning}", markup=False)


def _may(grants: str) -> str:
    return f"may do {grants}" if grants.startswith(("everything", "what")) else grants


def _console() -> Console:
    return Console(highlight=False)
