"""Refusals as Kubernetes words them: a metav1 Status, sent before the first byte of anything else."""

from typing import Final

from aiohttp import web

from containerjob_operator.errors import KubeError, KubeRefused

REASONS: Final = {
    400: "BadRequest",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class Refusal(Exception):
    """The answer is no; the message says why and, where there is one, the remedy."""

    def __init__(self, code: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    def response(self) -> web.Response:
        """Return it as an answer."""
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": REASONS.get(self.code, "Unknown"),
            "code": self.code,
        }
        if self.retry_after is not None:
            body["details"] = {"retryAfterSeconds": self.retry_after}
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return web.json_response(body, status=self.code, headers=headers)


def not_found(kind: str, name: str) -> Refusal:
    """Say that there is no such object, in the words of the API server."""
    return Refusal(404, f'{kind} "{name}" not found')


def from_kube(problem: KubeError) -> Refusal:
    """Pass on that the API server did not do what we asked."""
    return Refusal(500 if isinstance(problem, KubeRefused) else 503, str(problem))
