"""Writes docs/openapi.json: the document that the app answers, for whoever reads the repository."""

import json
from pathlib import Path

from functions import create_app
from functions.http_openapi import routes
from shared.api.openapi import document_of
from shared.api.operations import OPERATIONS
from shared.services import Services

PLACE = Path(__file__).parents[1] / "docs" / "openapi.json"


def text() -> str:
    """The document as it is committed: the same as the app's, indented."""
    document = document_of(routes(create_app(Services({})).get_functions()), OPERATIONS)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
