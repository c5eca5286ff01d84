"""Keep credentials: add, list, rotate, revoke, use, and put them under a new encryption key."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from daznode.domain.credential_rights import Inspected, inspect
from daznode.domain.credentials import (
    KINDS,
    Access,
    Credential,
    CredentialKind,
    CredentialState,
    NewCredential,
    Rekeyed,
    Secret,
    TrailCheck,
    TrailEntry,
    check_name,
    check_tenant,
    way_to_end,
)
from daznode.domain.errors import (
    BackendError,
    CapabilityMissing,
    CredentialNotFound,
    CredentialRevoked,
    InvalidCredential,
    InvalidParameter,
    NotAllowed,
)
from daznode.ports.clock import Clock
from daznode.ports.vault import CredentialMinter, CredentialVault


@dataclass(frozen=True, slots=True)
class Added:
    """A credential that was stored.

    Attributes:
        credential: What is stored, without its secret.
        grants: What its bearer may do at the node.
        warnings: Where it may do more than it should, one line each.
    """

    credential: Credential
    grants: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One version of a credential in a list.

    Attributes:
        name: Under which it stands.
        version: Under which it stands.
        credential: What it is; None if its seal does not hold.
        rotate_by: When it should be rotated, UTC; None unless it is in use.
        is_due: Whether that moment has come.
        hint: What to do about it, one line; empty if nothing.
    """

    name: str
    version: int
    credential: Credential | None
    rotate_by: datetime | None
    is_due: bool
    hint: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A tenant's credentials, and whether the audit trail proves them.

    Attributes:
        credentials: By name and version; revoked ones only if asked for.
        check: What following the trail gave.
    """

    credentials: tuple[Listed, ...]
    check: TrailCheck


@dataclass(frozen=True, slots=True)
class Rotated:
    """A credential that was replaced by a fresh one.

    Attributes:
        credential: What is in use now.
        old_version: Version that was in use.
        is_minted: Whether the node made the new one for us.
        is_old_ended: Whether the node takes the old one no more, as far as we ended it.
        hint: What is left for a person to do; empty if nothing.
        warnings: Where the new one may do more than it should.
    """

    credential: Credential
    old_version: int
    is_minted: bool
    is_old_ended: bool
    hint: str
    warnings: tuple[str, ...]


class KeepCredentials:
    """The trips around the vault.

    Args:
        vault: Where credentials are kept.
        clock: What time it is.
        minters: Nodes that make credentials, by backend: `lnd`, `cln`.
    """

    def __init__(
        self,
        vault: CredentialVault,
        clock: Clock,
        minters: Mapping[str, CredentialMinter] | None = None,
    ) -> None:
        """Do nothing yet."""
        self._vault = vault
        self._clock = clock
        self._minters = minters or {}

    async def add(
        self, tenant_id: str, name: str, kind: CredentialKind, raw: bytes, actor: str
    ) -> Added:
        """Store a credential.

        Args:
            tenant_id: Whose.
            name: What to call it.
            kind: What it is.
            raw: Content of its file, or of standard input.
            actor: Who does it.

        Raises:
            InvalidCredential: It is no credential of that kind.
            InvalidParameter: The name or tenant cannot be one.
            CredentialExists: One of that name is in use.
        """
        read = self._inspected(kind, raw)
        new = _new(check_tenant(tenant_id), check_name(name), kind, read)
        stored = await self._vault.put(new, self._access(actor, "add"))
        return Added(stored, KINDS[kind].grants, read.warnings)

    async def listing(self, tenant_id: str, *, with_revoked: bool = False) -> Listing:
        """A tenant's credentials, each with what should be done about it."""
        now = self._clock.now()
        listed = []
        for stored in await self._vault.listing(check_tenant(tenant_id)):
            credential = stored.credential
            is_revoked = credential is not None and credential.state is CredentialState.REVOKED
            if is_revoked and not with_revoked:
                continue
            is_used = credential is not None and credential.state is CredentialState.ACTIVE
            rotate_by = credential.due_at() if credential is not None and is_used else None
            is_due = rotate_by is not None and rotate_by <= now
            hint = stored.fault or _hint(credential, now, is_due=is_due)
            listed.append(Listed(stored.name, stored.version, credential, rotate_by, is_due, hint))
        return Listing(tuple(listed), await self._vault.check())

    async def rotate(
        self, tenant_id: str, name: str, actor: str, raw: bytes | None = None
    ) -> Rotated:
        """Replace a credential: a fresh one is stored, tried, put into use, and the old one ended.

        Whoever opens it meanwhile gets the old one or the new one, and both are taken by the node
        until the last step.

        Args:
            tenant_id: Whose.
            name: Which.
            actor: Who does it.
            raw: The fresh one; None to have the node make it.

        Raises:
            CapabilityMissing: The node makes none, and none was given.
            InvalidCredential: It is no credential of that kind, or the one already in use.
            CredentialNotFound: None of that name is in use.
            BackendError: The node refuses the new one; the old one stays in use.
        """
        access = self._access(actor, "rotate")
        old, old_secret = await self._vault.open(check_tenant(tenant_id), check_name(name), access)
        await self._clear_unfinished(old, access)
        minter = self._minters.get(KINDS[old.kind].backend)
        if raw is not None:
            read = self._inspected(old.kind, raw)
            if read.secret == old_secret:
                message = f"credential {name!r}: the one given is the one in use already"
                raise InvalidCredential(message)
        else:
            read = await self._minted(old.kind, old_secret, minter)
        new = _new(tenant_id, name, old.kind, read)
        stored = await self._vault.put(new, access, is_pending=True)
        if minter is not None:
            await self._tried(stored, read.secret, minter, access, is_ours=raw is None)
        active, _ = await self._vault.activate(tenant_id, name, stored.version, access)
        is_ended, hint = await self._end_at_node(old, minter)
        await self._vault.revoke(tenant_id, name, old.version, access)
        return Rotated(active, old.version, raw is None, is_ended, hint, read.warnings)

    async def revoke(self, tenant_id: str, name: str, actor: str) -> tuple[tuple[int, ...], str]:
        """Destroy every version of a credential here, and end it at the node where that is possible.

        Returns:
            The versions destroyed, and what is left for a person to do (empty if nothing).

        Raises:
            CredentialNotFound: None is stored under that name.
            CredentialRevoked: It was revoked before.
        """
        access = self._access(actor, "revoke")
        stored = await self._vault.listing(check_tenant(tenant_id))
        known = [one for one in stored if one.name == check_name(name)]
        if not known:
            message = f"credential {name!r}: none is stored under that name"
            raise CredentialNotFound(message)
        versions, hints = [], []
        for one in known:
            if one.credential is not None and one.credential.state is CredentialState.REVOKED:
                continue
            if one.credential is not None:
                minter = self._minters.get(KINDS[one.credential.kind].backend)
                _, hint = await self._end_at_node(one.credential, minter)
            else:
                hint = "it was changed in the database: end it at its node by hand"
            await self._vault.revoke(tenant_id, name, one.version, access)
            versions.append(one.version)
            hints.append(hint)
        if not versions:
            message = f"credential {name!r}: revoked already"
            raise CredentialRevoked(message)
        return tuple(versions), "; ".join(dict.fromkeys(hint for hint in hints if hint))

    async def use(self, tenant_id: str, name: str, actor: str, purpose: str) -> Secret:
        """The secret in use, for what it is needed now; written into the audit trail."""
        _, secret = await self._vault.open(tenant_id, name, self._access(actor, purpose))
        return secret

    async def use_kind(
        self, tenant_id: str, kind: CredentialKind, actor: str, purpose: str
    ) -> Secret | None:
        """The secret in use of the only credential of a kind; None if there is none.

        Raises:
            InvalidParameter: There are several, so that it must be said which.
        """
        names = {
            one.name
            for one in await self._vault.listing(check_tenant(tenant_id))
            if one.credential is not None
            and one.credential.kind is kind
            and one.credential.state is CredentialState.ACTIVE
        }
        if len(names) > 1:
            message = (
                f"credentials of kind {kind.value}: {', '.join(sorted(names))}; revoke all but one"
            )
            raise InvalidParameter(message)
        return await self.use(tenant_id, names.pop(), actor, purpose) if names else None

    async def rekey(self, actor: str) -> Rekeyed:
        """Put everything stored under a new encryption key, while it is being used."""
        return await self._vault.rekey(self._access(actor, "rekey"))

    async def reset(self, actor: str) -> int:
        """Destroy every stored secret of every tenant; how many there were."""
        return await self._vault.reset(self._access(actor, "reset"))

    async def trail(self, tenant_id: str, limit: int) -> tuple[TrailEntry, ...]:
        """The last entries of the audit trail, the newest first."""
        return await self._vault.trail(check_tenant(tenant_id), limit)

    async def check(self) -> TrailCheck:
        """Follow the whole audit trail."""
        return await self._vault.check()

    async def accept(self, actor: str) -> TrailCheck:
        """Go on from a broken trail."""
        return await self._vault.accept(self._access(actor, "accept a broken trail"))

    def _access(self, actor: str, purpose: str) -> Access:
        return Access(actor, purpose, self._clock.now())

    def _inspected(self, kind: CredentialKind, raw: bytes) -> Inspected:
        read = inspect(kind, raw)
        if read.expires_at is not None and read.expires_at <= self._clock.now():
            message = f"credential of kind {kind.value}: expired on {read.expires_at:%Y-%m-%d}"
            raise InvalidCredential(message)
        return read

    async def _minted(
        self, kind: CredentialKind, replaced: Secret, minter: CredentialMinter | None
    ) -> Inspected:
        if minter is None:
            facts = KINDS[kind]
            why = (
                "LNbits makes no fresh ones for us"
                if facts.backend == "lnbits"
                else f"no {facts.backend.upper()} node is connected to make a fresh one"
            )
            message = f"credential of kind {kind.value}: {why}; give one yourself: --file FILE, or --file - for standard input"
            raise CapabilityMissing(message)
        minted = await minter.mint(kind, replaced)
        read = inspect(kind, minted.secret.reveal().encode())
        return replace(read, node_ref=minted.node_ref)

    async def _tried(
        self,
        stored: Credential,
        secret: Secret,
        minter: CredentialMinter,
        access: Access,
        *,
        is_ours: bool,
    ) -> None:
        """Use the fresh one once; if it is not taken, it is ended and the old one stays."""
        try:
            await minter.verify(stored.kind, secret)
        except BackendError:
            await self._vault.revoke(stored.tenant_id, stored.name, stored.version, access)
            if is_ours:
                await self._end_at_node(stored, minter)
            raise

    async def _end_at_node(
        self, credential: Credential, minter: CredentialMinter | None
    ) -> tuple[bool, str]:
        """End a credential at its node; whether that was done, and what is left to do."""
        way = way_to_end(credential.kind, credential.node_ref)
        by_hand = f"end version {credential.version} at the node: {way}"
        if minter is None or credential.node_ref is None:
            return False, by_hand
        try:
            await minter.revoke(credential.kind, credential.node_ref)
        except (BackendError, NotAllowed) as refusal:
            return False, f"{by_hand} ({refusal})"
        return True, ""

    async def _clear_unfinished(self, active: Credential, access: Access) -> None:
        """End what an interrupted rotation left behind: versions never used, or replaced."""
        for one in await self._vault.listing(active.tenant_id):
            left = one.credential
            if left is None or left.name != active.name:
                continue
            if left.state in {CredentialState.PENDING, CredentialState.RETIRED}:
                await self._end_at_node(left, self._minters.get(KINDS[left.kind].backend))
                await self._vault.revoke(left.tenant_id, left.name, left.version, access)


def _new(tenant_id: str, name: str, kind: CredentialKind, read: Inspected) -> NewCredential:
    return NewCredential(tenant_id, name, kind, read.secret, read.node_ref, read.expires_at)


def _hint(credential: Credential | None, now: datetime, *, is_due: bool) -> str:
    if credential is None:
        return ""
    if credential.state in {CredentialState.PENDING, CredentialState.RETIRED}:
        return "a rotation was interrupted; rotate again to clear it"
    if credential.expires_at is not None and credential.expires_at <= now:
        return f"expired on {credential.expires_at:%Y-%m-%d}; rotate it"
    if is_due:
        age = (now - credential.stored_at).days
        return f"{age} days old; rotate it"
    return ""
