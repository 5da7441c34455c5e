"""What is recorded in MLflow, from plain records.

MLflow reads its switches from the environment, some of them while it is imported: here is where they are set, before
any module of this package can import it. A variable that the user has set is left as it is.
"""

from __future__ import annotations

import os

QUIET = {
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # trouble is told in one line of our own, not by tracebacks on the way
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_PRINT_MODEL_URLS_ON_CREATION": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",  # a run tells nobody outside that it took place
    "MLFLOW_UV_AUTO_DETECT": "false",  # the working directory's lock file is not a model's
    "GIT_PYTHON_REFRESH": "quiet",  # no warning where git is not installed
}
PATIENCE = {  # a server that is gone is found out in seconds: what could not be sent is kept, and sent later
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",  # seconds
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",  # seconds without an answer
}

for _name, _value in (QUIET | PATIENCE).items():
    os.environ.setdefault(_name, _value)
