"""Time as the simulator tells it, and as ACS writes it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time for everything on the wire; an offset, set over admin, ages the stored documents.

    Only retention is warped: the app under test keeps its own clock, so times on the wire have to stay honest.
    """

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def retention_now(self) -> datetime:
        return self.now() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


def wire_time(moment: datetime) -> str:
    """Seven fractional digits and a Z, as in every ACS sample."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}{moment.microsecond % 10}Z"


def offset_time(moment: datetime) -> str:
    """The same with `+00:00`, which is what recording-state callbacks carry."""
    return wire_time(moment).removesuffix("Z") + "+00:00"


def http_date(moment: datetime) -> str:
    # Not strftime("%a"): that would follow the machine's locale.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day}, {moment:%d} {months[moment.month - 1]} {moment:%Y %H:%M:%S} GMT"
