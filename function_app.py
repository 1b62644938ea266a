"""The entry point that Azure Functions indexes."""

import os

from functions import create_app
from shared.domain.log import quiet_libraries
from shared.services import Services

quiet_libraries()
app = create_app(Services(os.environ))
