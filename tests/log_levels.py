"""The loggers of libraries as the app has them, for a while."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.log import LIBRARIES, quiet_libraries


@contextmanager
def quieted() -> Iterator[None]:
    """Inside, libraries are kept out of the log as the app does it; afterwards their loggers are as they were."""
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    before = [(logger.level, logger.handlers, logger.propagate) for logger in loggers]
    quiet_libraries()
    try:
        yield
    finally:
        for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.handlers, logger.propagate = handlers, propagate
