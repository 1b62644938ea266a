"""The entry point that Azure Functions indexes."""

import os

from functions import create_app
from shared.domain.log import quiet_sdk_logs
from shared.services import Services

quiet_sdk_logs()
app = create_app(Services(os.environ))
