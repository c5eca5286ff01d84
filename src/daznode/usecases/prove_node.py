"""Prove a node: a user signs a challenge with a node, and its key is theirs from then on."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from daznode.domain.accounts import Caller, NodeChallenge, UserProfile
from daznode.domain.errors import ChallengeMissing, InvalidSignature, NodeKeyMissing
from daznode.domain.ids import NodeId, parse_node_id
from daznode.ports.accounts import ChallengeStore, ProfileStore
from daznode.ports.clock import Clock, IdSource
from daznode.ports.identity import NodeSignatures
from daznode.usecases.audit_trail import AuditNotes, Deed, Doer

CHALLENGE_HOLDS: Final = timedelta(minutes=10)

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.@+:|/-]")
"""What a shell, a terminal or a reader could take for something else."""


@dataclass(frozen=True, slots=True)
class ProveNode:
    """The trip from a challenge to a proven key.

    Attributes:
        challenges: Challenges given out.
        profiles: Profiles of users.
        signatures: Recovers keys.
        notes: The audit trail.
        clock: The present.
        ids: Nonces.
        language: Of a profile that is made by this.
    """

    challenges: ChallengeStore
    profiles: ProfileStore
    signatures: NodeSignatures
    notes: AuditNotes
    clock: Clock
    ids: IdSource
    language: str = "en"

    async def challenge(self, caller: Caller) -> NodeChallenge:
        """A text for the caller to sign with `signmessage`; a former one is gone by that.

        It names the product and the user, so that a signature asked for by somebody else's page
        proves nothing here; it is one line of ASCII without quotes, safe to paste into a shell.

        Raises:
            StoreUnavailable: It cannot be kept.
        """
        expires_at = self.clock.now() + CHALLENGE_HOLDS
        nonce = self.ids.new_id()
        user = "".join(
            one if one.isascii() and one.isprintable() else "?" for one in caller.user_id
        )
        for unsafe in "'\"\\`$!":
            user = user.replace(unsafe, "?")
        challenge = NodeChallenge(
            challenge_id=nonce,
            user_id=caller.user_id,
            message=(
                f"daznode: user {user} owns this node; "
                f"nonce {nonce}; expires {expires_at:%Y-%m-%dT%H:%M:%SZ}"
            ),
            expires_at=expires_at,
        )
        await self.challenges.put_challenge(challenge)
        return challenge

    async def verify(
        self,
        caller: Caller,
        signature: str,
        *,
        pubkey: str | None = None,
        request_id: str | None = None,
    ) -> UserProfile:
        """Check the signature over the caller's challenge, and give the key to the caller.

        A signature over another text recovers another key, which nobody may have: so the key that
        is expected has to be known, from the request or from the profile.

        Args:
            caller: Who signed.
            signature: zbase32.
            pubkey: Key of the node; None for the one in the profile.
            request_id: Of the HTTP request, for the audit trail.

        Returns:
            The caller's profile with the proven key.

        Raises:
            InvalidNodeId: `pubkey` is none.
            NodeKeyMissing: Neither the request nor the profile names a key; the challenge still holds.
            ChallengeMissing: None waits: never asked for, used, or expired.
            InvalidSignature: It is none, or not of that key over the challenge. The challenge is used.
            NodeKeyTaken: Another user has proven the key before.
        """
        now = self.clock.now()
        profile = await self.profiles.profile(caller.user_id)
        claimed = profile.lightning_pubkey if profile else None
        expected = parse_node_id(pubkey) if pubkey else claimed
        if expected is None:
            message = "node key: neither given nor in the profile; give `pubkey` beside `signature`"
            raise NodeKeyMissing(message)
        challenge = await self.challenges.take_challenge(caller.user_id, now)
        if challenge is None:
            message = (
                "challenge: none waits for an answer (it holds 10 minutes, for one try); "
                "ask for another"
            )
            raise ChallengeMissing(message)
        doer = Doer(caller.user_id, caller.tenant_id, request_id)
        try:
            self._check(challenge, signature, expected)
        except InvalidSignature:
            await self.notes.add(doer, Deed.NODE_REFUSED, expected)
            raise
        if profile is None:
            profile = UserProfile(
                caller.user_id,
                caller.tenant_id,
                created_at=now,
                updated_at=now,
                language=self.language,
            )
        proven = replace(profile, lightning_pubkey=expected, pubkey_proven_at=now, updated_at=now)
        former = await self.profiles.profile_of_node(expected)
        if await self.profiles.take_node_key(proven) and former is not None:
            loser = Doer(caller.user_id, former.tenant_id, request_id)
            detail = f"{former.user_id} had only claimed it; another user has proven it"
            await self.notes.add(loser, Deed.NODE_KEY_LOST, expected, detail)
        await self.notes.add(doer, Deed.NODE_PROVEN, expected)
        return proven

    def _check(self, challenge: NodeChallenge, signature: str, expected: NodeId) -> None:
        signer = self.signatures.signer_of(challenge.message, signature)
        if signer != expected:
            message = (
                f"signature: not of {expected} over the challenge; "
                "sign the whole line with that node, without a line end"
            )
            raise InvalidSignature(message)
