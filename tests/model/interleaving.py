"""Several actors on one cloud, of which only one moves at a time: who does is decided before every effect.

A schedule is who begins, and before which effects the turn passes on. The same schedule gives the same run.
"""

import threading
from collections.abc import Callable, Sequence

STUCK_AFTER_SECONDS = 30.0


class InterleavingScheduler:
    """Lets one actor move at a time, and passes the turn on.

    Args:
        actors: how many there are.
        first: who begins.
        switches: before which effects the turn passes on, counted while more than one actor is at work.
    """

    def __init__(self, actors: int, first: int, switches: Sequence[int]) -> None:
        self.at_work = list(range(actors))
        self.turn = first
        self.switches = frozenset(switches)
        self.choices = 0
        self.changed = threading.Condition()
        self.actors: dict[int, int] = {}  # by thread
        self.failures: list[BaseException] = []

    def effect(self) -> None:
        """Called before every effect, by whichever thread; an copier's writers move with the actor they work for."""
        me = self.actors.get(threading.get_ident())
        if me is None or len(self.at_work) == 1:
            return
        self.choices += 1
        if self.choices in self.switches:
            with self.changed:
                self.pass_on(me)
                self.wait(me)

    def pass_on(self, me: int) -> None:
        later = [actor for actor in self.at_work if actor > me]
        self.turn = (later or [actor for actor in self.at_work if actor != me] or [me])[0]
        self.changed.notify_all()

    def wait(self, me: int) -> None:
        if not self.changed.wait_for(lambda: self.turn == me, STUCK_AFTER_SECONDS):
            raise AssertionError("The actors wait for each other.")

    def play(self, acts: Sequence[Callable[[], object]]) -> None:
        """Run all actors to their ends.

        Raises:
            BaseException: what the first of them raised.
        """
        threads = [threading.Thread(target=self.act, args=(me, act)) for me, act in enumerate(acts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def act(self, me: int, act: Callable[[], object]) -> None:
        self.actors[threading.get_ident()] = me
        try:
            with self.changed:
                self.wait(me)
            act()
        except BaseException as failure:  # noqa: BLE001 - handed to whoever waits for all
            self.failures.append(failure)
        finally:
            with self.changed:
                self.pass_on(me)
                self.at_work.remove(me)
