"""Airflow's simple auth manager with one DAG that not everybody may see."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

CLOSED = "closed"
OUTSIDER = "outsider"


class GuardedAuthManager(SimpleAuthManager):
    """Keep one user away from one DAG."""

    def is_authorized_dag(self, *, user: SimpleAuthManagerUser, details: Any = None, **words: Any) -> bool:
        """Refuse the outsider the closed DAG."""
        if user.username == OUTSIDER and details and details.id == CLOSED:
            return False
        return bool(super().is_authorized_dag(user=user, details=details, **words))
