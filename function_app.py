"""The entry point that Azure Functions indexes."""

import os

from functions import create_app
from shared.domain.log import quieten_sdks
from shared.services import Services

quieten_sdks()
app = create_app(Services(os.environ))
