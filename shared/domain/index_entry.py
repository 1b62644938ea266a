"""An entry of the open-work index; `open_work` alone writes them."""

from datetime import datetime

import msgspec

from shared.domain.durations import AT_RISK


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of the open-work index: something is left to do here.

    Attributes:
        id: our id of the recording.
        document_id: the chunk; empty when it is the recording itself that is to be checked.
        due_at: when to check; a hint, the row it points to decides.
        since: when the work came up.
        expires_at: when ACS destroys what is not saved; None once nothing of it is unsaved.
        stuck_since: when it failed, or first could not be done; what a replay goes by. None while all is well.
        warned: how many warnings were given that it is about to be destroyed.
        failed: nothing is left to do but to be noticed: it failed, that was alerted, and it was not replayed.
        told: an unforeseen fault of the row it points to was alerted; the name is that of the column.
    """

    id: str
    document_id: str = ""
    due_at: datetime
    since: datetime | None = None
    expires_at: datetime | None = None
    stuck_since: datetime | None = None
    warned: int = 0
    failed: bool = False
    told: bool = False

    def is_at_risk(self, now: datetime) -> bool:
        """Whether ACS is about to destroy what is not saved. A chunk is so until its row says what became of it."""
        if self.expires_at is None or self.expires_at - now > AT_RISK:
            return False
        return bool(self.document_id) or self.expires_at > now
