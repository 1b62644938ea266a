"""The entry point that Azure Functions indexes."""

import os

from functions import create_app
from shared.log import quieten_sdks
from shared.services import Services
from shared.settings import Settings

quieten_sdks()
app = create_app(Services(Settings.from_environment(os.environ)))
