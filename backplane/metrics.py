"""Prometheus metrics, and which process exports each. docs/guides/operations.md lists them; a test compares."""

from typing import Literal

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
)
from prometheus_client.metrics import MetricWrapperBase

Process = Literal["gateway", "relay", "worker"]

HTTP_REQUESTS = Counter("imageshield_http_requests_total", "Requests answered", ["method", "route", "status"])
HTTP_SECONDS = Histogram(
    "imageshield_http_request_seconds",
    "Time to the answer's first byte",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
)
UPLOAD_BYTES = Gauge("imageshield_upload_bytes_in_flight", "Bytes of request bodies now held in memory")
LOOP_LAG = Histogram(
    "imageshield_event_loop_lag_seconds",
    "How late the gateway's event loop came to what was due",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
CONNECTIONS_CUT = Counter(
    "imageshield_connections_cut_total", "Connections closed for what came over them, or did not", ["reason"]
)
SOCKETS = Gauge("imageshield_progress_sockets", "Open progress sockets")
EVENT_STREAMS = Gauge("imageshield_event_streams", "Open streams of server-sent events")
JOBS_SUBMITTED = Counter("imageshield_jobs_submitted_total", "Jobs accepted", ["kind"])
IDEMPOTENT_REQUESTS = Counter(
    "imageshield_idempotent_requests_total", "Requests with an idempotency key, by what became of them", ["outcome"]
)
LIMITS_REACHED = Counter("imageshield_limits_reached_total", "Requests that a limit refused", ["limit"])
RATES_WITHOUT_REDIS = Counter(
    "imageshield_rates_without_redis_total", "Requests whose rate was counted in one process, because Redis was away"
)
JOBS_ENDED = Counter("imageshield_jobs_ended_total", "Jobs that reached their end", ["kind", "status"])
JOB_SECONDS = Histogram(
    "imageshield_job_seconds",
    "Time from claim to end of a job",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60),
)
ENTROPY_DEGRADED = Counter("imageshield_entropy_degraded_total", "Keys drawn without the source's bits", ["source"])
OUTBOX_PUBLISHED = Counter("imageshield_outbox_published_total", "Job ids handed to the queue")
WEBHOOK_ATTEMPTS = Counter(
    "imageshield_webhook_attempts_total", "Webhook messages sent, by what came of it", ["outcome"]
)
WEBHOOK_OLDEST_DUE = Gauge(
    "imageshield_webhook_oldest_due_seconds",
    "How long the webhook message that waits longest has been due",
)
MAIL_ATTEMPTS = Counter("imageshield_mail_attempts_total", "Attempts to send a mail, by what came of it", ["outcome"])
MAIL_OLDEST_DUE = Gauge("imageshield_mail_oldest_due_seconds", "How long the mail that waits longest has been due")
DEAD_MAILS = Gauge("imageshield_dead_mails", "Mails that were given up in the last seven days")
DEAD_LETTERS = Gauge("imageshield_dead_letters", "Jobs that were given up and that nobody has sent again")
AUDIT_SEALED = Counter("imageshield_audit_sealed_total", "Audit entries that got their place in a chain")
AUDIT_UNSEALED = Gauge(
    "imageshield_audit_oldest_unsealed_seconds", "How long the audit entry that waits longest has waited for its place"
)
AUDIT_CHECKPOINTS = Counter("imageshield_audit_checkpoints_total", "Audit checkpoints signed")
AUDIT_REFUSED = Gauge(
    "imageshield_audit_checkpoint_refused", "1 while nothing is signed: the object store knows a later audit trail"
)
SECURITY_EVENTS = Counter(
    "imageshield_security_events_total", "Security events that a rule on the audit trail raised", ["rule"]
)
SWEPT = Counter("imageshield_swept_total", "Repairs made by the sweeper", ["what"])

SUBSCRIPTION_CONVERSIONS = Counter(
    "subscription_conversions_total", "Changes of an account's tier, of all time", ["from_tier", "to_tier"]
)
MONTHLY_REVENUE = Gauge(
    "monthly_recurring_revenue",
    "Prices of the tiers of all active accounts together, in the currency of the table of tiers",
)

EXPORTED: dict[Process, tuple[MetricWrapperBase, ...]] = {
    "gateway": (
        HTTP_REQUESTS,
        HTTP_SECONDS,
        UPLOAD_BYTES,
        LOOP_LAG,
        CONNECTIONS_CUT,
        SOCKETS,
        EVENT_STREAMS,
        JOBS_SUBMITTED,
        IDEMPOTENT_REQUESTS,
        LIMITS_REACHED,
        RATES_WITHOUT_REDIS,
        JOBS_ENDED,
    ),
    "worker": (JOBS_ENDED, JOB_SECONDS, ENTROPY_DEGRADED),
    "relay": (
        JOBS_ENDED,
        OUTBOX_PUBLISHED,
        WEBHOOK_ATTEMPTS,
        WEBHOOK_OLDEST_DUE,
        DEAD_LETTERS,
        AUDIT_SEALED,
        AUDIT_UNSEALED,
        AUDIT_CHECKPOINTS,
        AUDIT_REFUSED,
        SECURITY_EVENTS,
        MAIL_ATTEMPTS,
        MAIL_OLDEST_DUE,
        DEAD_MAILS,
        SWEPT,
        SUBSCRIPTION_CONVERSIONS,
        MONTHLY_REVENUE,
    ),
}
"""Every process imports all metrics. A metric that a process never sets would be exported as a misleading 0.

All three processes end jobs, and each counts the ends that it wrote: the total is the sum.
"""


def registry_of(process: Process) -> CollectorRegistry:
    """Return the registry that a process exports, with its memory, open files and garbage collection."""
    registry = CollectorRegistry()
    for collector in (*EXPORTED[process], PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry
