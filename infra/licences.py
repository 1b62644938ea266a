"""A package's licence as SPDX writes it, by what its metadata say in one of three ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# What packages write where there is an identifier of SPDX's.
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
UNKNOWN = "UNKNOWN"
IDENTIFIER = re.compile(r"[A-Za-z0-9.-]+(?: (?:OR|AND) [A-Za-z0-9.-]+)*")
NAME_CHARACTERS_MAX = 60  # a longer text is the licence itself


def licence(metadata: Mapping[str, Any]) -> str:
    """An expression of SPDX's, or a name where the metadata have nothing better; UNKNOWN where they say nothing.

    Args:
        metadata: in the JSON that pip and importlib have for it. `license_expression` is SPDX's by definition,
            `license` may be anything.
    """
    if expression := metadata.get("license_expression"):
        return str(expression)
    written = str(metadata.get("license") or "").strip()
    written = SPDX.get(written, written)
    if IDENTIFIER.fullmatch(written) and written != UNKNOWN:
        return written
    prefix = "License :: OSI Approved :: "
    names = [each.removeprefix(prefix) for each in metadata.get("classifier", ()) if each.startswith(prefix)]
    if names:
        return " OR ".join(SPDX.get(name, name) for name in names)
    return written if 0 < len(written) <= NAME_CHARACTERS_MAX else UNKNOWN
