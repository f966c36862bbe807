"""Errors as Google's APIs give them: a code, a message, and details of the google.rpc types."""

from typing import TypeAlias

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

Code: TypeAlias = grpc.StatusCode
DETAILS = "grpc-status-details-bin"
"""Where a rich status travels; clients decode ErrorInfo from it: https://google.aip.dev/193."""


class Refused(Exception):
    """A call ends with this status."""

    def __init__(self, code: Code, message: str, *details: Message) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def status(self) -> status_pb2.Status:
        """Give it as google.rpc.Status, for operations and for the trailer."""
        status = status_pb2.Status(code=code_pb2.Code.Value(self.code.name), message=self.message)
        for detail in self.details:
            status.details.add().Pack(detail)
        return status

    def trailer(self) -> tuple[tuple[str, bytes], ...]:
        """Give the trailing metadata that carries the details; without any there is none."""
        return ((DETAILS, self.status().SerializeToString()),) if self.details else ()


def invalid(field: str, message: str) -> Refused:
    """Refuse a value, with the field's name in a BadRequest as https://google.aip.dev/193 has it."""
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=message)
    return Refused(
        Code.INVALID_ARGUMENT,
        f"Violation in {field}: {message}",
        error_details_pb2.BadRequest(field_violations=[violation]),
    )


def permission_denied(permission: str, resource: str) -> Refused:
    """Refuse for want of an IAM permission: https://cloud.google.com/iam/docs/permission-error-messages."""
    info = error_details_pb2.ErrorInfo(
        reason="IAM_PERMISSION_DENIED",
        domain="iam.googleapis.com",
        metadata={"permission": permission, "resource": resource},
    )
    message = f"Permission '{permission}' denied on resource '{resource}' (or resource may not exist)."
    return Refused(Code.PERMISSION_DENIED, message, info)


def service_disabled(service: str, project_number: str) -> Refused:
    """Refuse because the project has not enabled the API: https://cloud.google.com/apis/docs/enable-disable-apis."""
    info = error_details_pb2.ErrorInfo(
        reason="SERVICE_DISABLED",
        domain="googleapis.com",
        metadata={"service": service, "consumer": f"projects/{project_number}"},
    )
    message = (
        f"Cloud Run Admin API has not been used in project {project_number} before or it is disabled. Enable it by "
        f"visiting https://console.developers.google.com/apis/api/{service}/overview?project={project_number} then "
        "retry."
    )
    return Refused(Code.PERMISSION_DENIED, message, info)


def quota_exceeded(subject: str, message: str) -> Refused:
    """Refuse because a limit of https://cloud.google.com/run/quotas is reached."""
    violation = error_details_pb2.QuotaFailure.Violation(subject=subject, description=message)
    return Refused(Code.RESOURCE_EXHAUSTED, message, error_details_pb2.QuotaFailure(violations=[violation]))
