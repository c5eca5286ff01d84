"""The error tree: what can go wrong, whose fault it is, and the exit code it ends with.

DaznodeError
x InputError                 the caller's fault                        exit 2
- InvalidNodeId, InvalidScid, InvalidAmount, InvalidParameter
- InvalidDump(path, where, expected)   a graph dump that cannot be read
- InvalidSignature                     a node's signature that is none
- InvalidCredential                    a secret that is none of its kind
x NotFound                                                             exit 3
- NodeNotFound, SnapshotNotFound, ReportNotFound, ChannelNotFound
- UserNotFound, ProfileNotFound, RunNotFound, DigestNotFound
- AmbiguousNode(candidates)
- CredentialNotFound
x NotAllowed                 a true request at the wrong moment        exit 4
- CapabilityMissing(backend, capability)
- NodeKeyMissing, NodeKeyTaken, AccountExists, ChallengeMissing
- Unauthenticated, RoleMissing, RateLimited(retry_after_seconds)
- DryRun                    nothing may be changed while DRY_RUN is on
- CredentialExists, CredentialRevoked
x DataUnavailable            we do not know enough                     exit 5
- NoSnapshot, ReportTimeout
x BackendError(backend)      someone else's fault                      exit 6
- BackendUnavailable *, BackendTimeout *, BackendRateLimited(retry_after_seconds) *
- BackendRefused            the credential: macaroon, rune, key
- BackendUntrusted          a certificate, node key or network that is not the expected one
- BackendAnswerInvalid
x StorageError               our own files or database                 exit 7
- StoreUnavailable *, StoreCorrupt, MigrationNeeded
- CredentialTampered, AuditTrailBroken
- EncryptionKeyLost, EncryptionKeyWrong, EncryptionKeyUnusable
x Interrupted                the person asked us to stop               exit 130
x ConfigError                at start only, names the variable         exit 78
x InvariantBroken            our bug; nobody catches it                exit 70
                             * another attempt may succeed (`is_retryable`)
"""

from typing import ClassVar


class DaznodeError(Exception):
    """Anything the product itself raises; the message is one line fit for a person."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    is_retryable: ClassVar[bool] = False


class InputError(DaznodeError):
    """The caller gave something that cannot be used."""

    code = "invalid-input"
    exit_code = 2


class InvalidNodeId(InputError):
    """Not 66 hex characters of a compressed point on secp256k1."""

    code = "invalid-node-id"


class InvalidScid(InputError):
    """Not a short channel id in any of the accepted spellings."""

    code = "invalid-scid"


class InvalidAmount(InputError):
    """An amount that is negative, absurd or of the wrong unit."""

    code = "invalid-amount"


class InvalidParameter(InputError):
    """A parameter outside what it takes; the message says what it takes."""

    code = "invalid-parameter"


class InvalidDump(InputError):
    """A graph dump that cannot be read.

    Attributes:
        path: The file as the caller named it.
        where: Place in the file, for people: "byte 1,204", "edge 17", "line 3".
        expected: What should have stood there.
    """

    code = "invalid-dump"

    def __init__(self, path: str, what: str, *, where: str, expected: str) -> None:
        """Compose the line a person sees from the place, the fault and the expectation."""
        super().__init__(f"{path}: {what} at {where}; expected {expected}")
        self.path = path
        self.what = what
        self.where = where
        self.expected = expected


class InvalidSignature(InputError):
    """Not a signature that a Lightning node makes over a message."""

    code = "invalid-signature"


class InvalidCredential(InputError):
    """A secret that cannot be one of its kind; the message never repeats it."""

    code = "invalid-credential"


class NotFound(DaznodeError):
    """What was asked for is not there."""

    code = "not-found"
    exit_code = 3


class NodeNotFound(NotFound):
    """The node is not in the snapshot that was asked."""

    code = "node-not-found"


class ChannelNotFound(NotFound):
    """No open channel of the snapshot, or of the node that was asked, has that id."""

    code = "channel-not-found"


class AmbiguousNode(NotFound):
    """An alias that several nodes carry.

    Attributes:
        candidates: Node keys that carry it, the best connected first.
    """

    code = "ambiguous-node"

    def __init__(self, message: str, candidates: tuple[str, ...]) -> None:
        """Keep the candidates beside the message."""
        super().__init__(message)
        self.candidates = candidates


class SnapshotNotFound(NotFound):
    """No stored snapshot has the name given."""

    code = "snapshot-not-found"


class ReportNotFound(NotFound):
    """No report is stored for that user, node and day."""

    code = "report-not-found"


class UserNotFound(NotFound):
    """No account has that name."""

    code = "user-not-found"


class ProfileNotFound(NotFound):
    """The user has not set anything yet."""

    code = "profile-not-found"


class RunNotFound(NotFound):
    """No run (the API's task) has that id."""

    code = "run-not-found"


class DigestNotFound(NotFound):
    """No week or month is stored for that user."""

    code = "digest-not-found"


class CredentialNotFound(NotFound):
    """No credential is stored under that name."""

    code = "credential-not-found"


class NotAllowed(DaznodeError):
    """A true request at the wrong moment or without the means."""

    code = "not-allowed"
    exit_code = 4


class CapabilityMissing(NotAllowed):
    """The backend cannot do what is asked."""

    code = "capability-missing"


class NodeKeyMissing(NotAllowed):
    """The profile names no node, and what was asked needs one."""

    code = "node-key-missing"


class NodeKeyTaken(NotAllowed):
    """Another user's profile holds that node key."""

    code = "node-key-taken"


class AccountExists(NotAllowed):
    """The username or user id is taken."""

    code = "account-exists"


class ChallengeMissing(NotAllowed):
    """No challenge is waiting for an answer: never asked for, used, or expired."""

    code = "challenge-missing"


class Unauthenticated(NotAllowed):
    """No valid token, or a wrong name or password."""

    code = "unauthenticated"


class RoleMissing(NotAllowed):
    """The caller's role does not allow it."""

    code = "role-missing"


class RateLimited(NotAllowed):
    """Too many requests of one caller.

    Attributes:
        retry_after_seconds: When to come again, at least 1.
    """

    code = "rate-limited"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        """Keep the time beside the message."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DryRun(NotAllowed):
    """Something would be changed on a node while DRY_RUN is on."""

    code = "dry-run"


class CredentialExists(NotAllowed):
    """A credential of that name is in use already."""

    code = "credential-exists"


class CredentialRevoked(NotAllowed):
    """The credential was revoked; its secret is destroyed."""

    code = "credential-revoked"


class DataUnavailable(DaznodeError):
    """Not enough is known to answer."""

    code = "data-unavailable"
    exit_code = 5


class NoSnapshot(DataUnavailable):
    """No network snapshot has been imported yet."""

    code = "no-snapshot"


class ReportTimeout(DataUnavailable):
    """A report was not made in the time that one may take."""

    code = "report-timeout"
    is_retryable = True


class BackendError(DaznodeError):
    """Another program answered wrongly, or not at all.

    Attributes:
        may_have_arrived: Whether what was asked can have reached the other side. A write that
            failed with True is unknown until it is read back.
    """

    code = "backend-error"
    exit_code = 6
    may_have_arrived: bool = True


class BackendUnavailable(BackendError):
    """No connection, a broken one, or an error of the other side's own."""

    code = "backend-unavailable"
    is_retryable = True


class BackendTimeout(BackendError):
    """No answer within the time given."""

    code = "backend-timeout"
    is_retryable = True


class BackendRateLimited(BackendError):
    """The other side wants to be asked less often.

    Attributes:
        retry_after_seconds: How long it asks us to wait; None if it does not say.
    """

    code = "backend-rate-limited"
    is_retryable = True

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        """Keep the wait beside the message."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class BackendRefused(BackendError):
    """The credential is missing, not accepted, or does not allow what was asked."""

    code = "backend-refused"


class BackendUntrusted(BackendError):
    """The other side is not who it should be: certificate, node key or network differ."""

    code = "backend-untrusted"


class BackendAnswerInvalid(BackendError):
    """An answer that cannot be parsed or breaks its own promises."""

    code = "backend-answer-invalid"


class StorageError(DaznodeError):
    """Our own files or database."""

    code = "storage-error"
    exit_code = 7


class StoreUnavailable(StorageError):
    """The store cannot be opened or written (disk full, locked, permissions)."""

    code = "store-unavailable"
    is_retryable = True


class StoreCorrupt(StorageError):
    """Something stored cannot be read back."""

    code = "store-corrupt"


class MigrationNeeded(StorageError):
    """The database was written by a newer version of the program."""

    code = "migration-needed"


class CredentialTampered(StorageError):
    """A stored credential is not as it was stored: bytes changed, or a record put in another's place."""

    code = "credential-tampered"


class AuditTrailBroken(StorageError):
    """The audit trail of credentials was cut or changed."""

    code = "audit-trail-broken"


class EncryptionKeyLost(StorageError):
    """Credentials are stored, and there is no key at all to read them with."""

    code = "encryption-key-lost"


class EncryptionKeyWrong(StorageError):
    """Credentials are stored under another key than those at hand."""

    code = "encryption-key-wrong"


class EncryptionKeyUnusable(StorageError):
    """The key file is no key, or others than its owner can read it."""

    code = "encryption-key-unusable"


class Interrupted(DaznodeError):
    """The person asked to stop; what was stored before is untouched."""

    code = "interrupted"
    exit_code = 130
    told: ClassVar[str] = "Stopped. Nothing was left half-written."


class ConfigError(DaznodeError):
    """A setting has a value it cannot take."""

    code = "config-error"
    exit_code = 78


class InvariantBroken(DaznodeError):
    """A promise of our own code does not hold: a bug."""

    code = "invariant-broken"
    exit_code = 70
