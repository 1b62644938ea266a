"""`acsrec compose`: one file of all chunks of a recording."""

from pathlib import Path
from typing import Annotated

import typer

from acsrec.command_base import Address, Id, Json, opened
from acsrec.compose import compose
from acsrec.output import bars, print_json, say


def compose_file(
    id: Id,
    url: Address,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; without it ID.wav in this folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Download one file of all chunks of a completed recording; the chunks themselves are what is proven."""
    with opened(url) as client, bars(show=not as_json) as (_, on_progress):
        path, made = compose(client, id, output, on_progress)
    if as_json:
        print_json({"file": str(path), "bytes": made.bytes, "parts": made.parts})
    else:
        say(f"{path}: {made.bytes} bytes of {made.parts} chunks; proof is with these: acsrec download {id}")
