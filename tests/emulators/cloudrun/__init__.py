"""Google Cloud Run Jobs and Cloud Logging on loopback, over gRPC, with tasks as containers of a local Docker engine.

    from tests.emulators.cloudrun import Options, serving

    async with serving("unix:///run/docker.sock", Options(stop_grace_seconds=1)) as emulator:
        channel = grpc.aio.insecure_channel(emulator.address)
        jobs = JobsAsyncClient(transport=JobsGrpcAsyncIOTransport(channel=channel))

Project "demo-project", locations europe-west1 and us-central1. `emulator.calls["ListJobs"]` counts calls;
`emulator.launched` names every execution ever begun; `emulator.faults` spoils what comes (lose_answer, refuse, deny,
disable_api, delay, stick_operations, hold_starts, slow_logs, clear); `cancel_in_console`, `delete_in_console` and
`vanish` take an execution's full name (delete also a Job's). Options set quotas, pace and log latency.
Task output is in the logs run.googleapis.com/stdout and /stderr; Cloud Run's own lines about a container are beside
it in run.googleapis.com/varlog/system. A line that is a JSON object becomes a json_payload, as on the real thing.

Where the reference is silent the emulator chose: what is deleted while it runs is stopped as if it was cancelled;
lists give pages of 100; a cancelled execution's tasks have the status code CANCELLED.
"""

from .containers import EXECUTION as LABEL_EXECUTION
from .containers import OWNER as LABEL_OWNER
from .options import Options
from .server import Emulator, serving

__all__ = ["LABEL_EXECUTION", "LABEL_OWNER", "Emulator", "Options", "serving"]
