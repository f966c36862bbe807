"""CloudRunHost: one location of a Google Cloud project, where jobs are Cloud Run Jobs. An administrator's object."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from containerjob_api.conditions import Conditions
from containerjob_api.hostparts import AnyHost, HostSpec, HostStatus
from containerjob_api.hostrefs import HostKind
from containerjob_api.jobs import Quantity
from containerjob_api.markers import Marker, Rule, Text
from containerjob_api.resources import Value

KEY_ENTRY: Final = "key.json"
"""Under which name the Secret of a CloudRunHost holds the key of a service account."""
LONGEST_TASK_SECONDS: Final = 604800
"""168 hours: how long a Cloud Run task may run at most."""
_ACCOUNT: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?@[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
_LABEL_KEY: Final = r"^[a-z][-_a-z0-9]{0,62}$"
_LABEL_KEY_SAYS: Final = (
    "a label's key on Google Cloud begins with a lower-case letter and has lower-case letters, digits, '-' and '_'"
    " only, 63 characters at most, such as cost-center"
)

Account = Annotated[
    str,
    Text(
        max_length=255,
        pattern=_ACCOUNT,
        message="a service account is named by its e-mail address, such as jobs@my-project.iam.gserviceaccount.com",
    ),
]
NetworkName = Annotated[
    str,
    Text(
        max_length=255,
        pattern=r"^[a-z]([-a-z0-9_./:]*[a-z0-9])?$",
        message="name a network or subnetwork such as default, or by its whole path projects/PROJECT/...",
    ),
]
GoogleLabels = Annotated[
    dict[
        Annotated[str, Text(min_length=1, max_length=63, pattern=_LABEL_KEY, message=_LABEL_KEY_SAYS)],
        Annotated[
            str,
            Text(
                max_length=63,
                pattern=r"^[-_a-z0-9]*$",
                message="a label's value on Google Cloud has lower-case letters, digits, '-' and '_' only",
            ),
        ],
    ],
    Field(max_length=32),
    Rule(
        f"self.all(key, key.matches(r'{_LABEL_KEY}'))",
        _LABEL_KEY_SAYS,
        replaces=("propertyNames",),
    ),
    Rule(
        "self.all(key, !key.startsWith('containerjobs'))",
        "labels that begin with containerjobs are the operator's own: take another key",
    ),
]


class SecretReference(Value):
    """Names a Secret in the operator's own namespace."""

    name: Annotated[
        str,
        Text(
            min_length=1,
            max_length=253,
            pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
            message="a Secret's name has lower-case letters, digits, '-' and '.' only, such as cloud-run-key",
        ),
    ]
    """Name of the Secret; its key `key.json` holds the key of a service account."""


class Credentials(Value):
    """Who the operator is for Google: one of these, or, with neither, whoever Workload Identity says."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "!(has(self.secretRef) && has(self.impersonateServiceAccount))",
            "secretRef and impersonateServiceAccount exclude each other: keep one of them",
            ".secretRef",
        ),
    )

    secret_ref: SecretReference | None = None
    """Key of a service account, in a Secret of the operator's own namespace; read again when it changes."""
    impersonate_service_account: Account | None = None
    """Service account to act as; the operator's own identity needs roles/iam.serviceAccountTokenCreator on it."""


class Egress(StrEnum):
    """Which requests of a task go through the VPC."""

    ALL_TRAFFIC = "AllTraffic"
    PRIVATE_RANGES_ONLY = "PrivateRangesOnly"


class VpcAccess(Value):
    """How tasks reach a VPC: through a connector, or directly in a network."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "has(self.connector) != (has(self.network) || has(self.subnetwork))",
            "name either a connector, or a network or subnetwork (or both of these), and not all of them",
            ".connector",
        ),
    )

    connector: (
        Annotated[
            str,
            Text(
                max_length=255,
                pattern=r"^(projects/[^/]+/locations/[^/]+/connectors/)?[a-z][-a-z0-9]*$",
                message="name a connector by projects/PROJECT/locations/LOCATION/connectors/NAME, or by NAME",
            ),
        ]
        | None
    ) = None
    """Serverless VPC Access connector."""
    network: NetworkName | None = None
    """Network for direct VPC egress; that of the subnetwork when absent."""
    subnetwork: NetworkName | None = None
    """Subnetwork for direct VPC egress; that with the network's name when absent."""
    egress: Egress = Egress.PRIVATE_RANGES_ONLY
    """Whether all traffic of a task goes through the VPC, or only that to private addresses."""


class TaskLimits(Value):
    """The most that one job may ask for here; what Cloud Run itself offers, where absent."""

    cpu: Quantity | None = None
    """CPUs of one task; Cloud Run has 1, 2, 4 and 8."""
    memory: Quantity | None = None
    """Memory of one task; Cloud Run has 32Gi at most."""
    task_timeout_seconds: Annotated[int, Field(ge=1, le=LONGEST_TASK_SECONDS)] = LONGEST_TASK_SECONDS
    """How long one attempt may run; Cloud Run ends every task after 168 hours."""


class CloudRunHostSpec(HostSpec):
    """Where jobs run on Google Cloud, as whom, and who may use it."""

    max_concurrent_jobs: Annotated[int, Field(ge=1, le=10000)] = 100
    """How many jobs may run at a time; a location runs 1000 executions at a time at most."""
    project: Annotated[
        str,
        Text(
            max_length=30,
            pattern=r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$",
            message="project is the id of a Google Cloud project, such as my-project-123456; not its name or number",
        ),
        Rule("self == oldSelf", "project cannot be changed: another project is another host, so create one"),
    ]
    """Id of the Google Cloud project."""
    location: Annotated[
        str,
        Text(
            max_length=43,
            pattern=r"^[a-z]{2,20}-[a-z]{2,20}[0-9]{1,2}$",
            message="location is a region of Cloud Run, such as europe-west1",
        ),
        Rule("self == oldSelf", "location cannot be changed: another region is another host, so create one"),
    ]
    """Region of Cloud Run."""
    credentials: Credentials = Credentials()
    """Who the operator is for Google; whoever Workload Identity says when absent."""
    service_account: Account | None = None
    """Identity of the tasks; the project's default service account when absent."""
    vpc_access: VpcAccess | None = None
    """How tasks reach a VPC; not at all when absent."""
    execution_environment: Literal["Gen2"] = "Gen2"
    """Cloud Run Jobs have the second generation only."""
    encryption_key: (
        Annotated[
            str,
            Text(
                max_length=512,
                pattern=r"^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$",
                message="name a key of Cloud KMS by projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
            ),
        ]
        | None
    ) = None
    """Key of Cloud KMS that encrypts what Cloud Run stores of a job; Google's own when absent."""
    labels: GoogleLabels = Field(default_factory=dict)
    """Labels of every Cloud Run Job made here, as for finding its costs."""
    limits: TaskLimits = TaskLimits()
    """The most that one job may ask for here."""
    log_reads_per_minute: Annotated[int, Field(ge=1, le=100000)] = 60
    """Requests to Cloud Logging; Google allows a project 60 a minute unless it was asked for more."""
    refresh_seconds: Annotated[int, Field(ge=1, le=300)] = 2
    """Seconds between two looks at all jobs of the host together."""
    endpoint: (
        Annotated[
            str,
            Text(
                max_length=15,
                pattern=r"^127[.]0[.]0[.]1:[1-9][0-9]{0,4}$",
                message="endpoint is an emulator's on this machine, such as 127.0.0.1:8085; leave it out for Google",
            ),
        ]
        | None
    ) = None
    """Address of an emulator, without encryption and credentials; only where the operator allows it."""


class CloudRunHostStatus(HostStatus):
    """What the operator last saw of the host; written on change only."""

    conditions: Conditions = ()
    """Ready, Reachable, CredentialsValid, PermissionsOK and QuotaOK; Stalled where a person has to act."""


class CloudRunHost(AnyHost):
    """A location of a Google Cloud project that jobs may run on, as Cloud Run Jobs."""

    kind: ClassVar[HostKind] = "CloudRunHost"

    spec: CloudRunHostSpec
    """Where jobs run on Google Cloud, as whom, and who may use it."""
    status: CloudRunHostStatus = CloudRunHostStatus()
    """What the operator last saw of the host."""
