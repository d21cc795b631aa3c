"""What operators measure; names and units follow Prometheus' conventions."""

from prometheus_client import Counter, Gauge, Histogram, Info

DELIVERIES = Counter("nextgen_deliveries_total", "Deliveries settled", ["queue", "type", "verdict"])
HANDLING_SECONDS = Histogram("nextgen_handling_seconds", "From receipt to settlement", ["queue"])
CRITICAL_SECONDS = Histogram(
    "nextgen_critical_seconds",
    "From the making of a message to the commit of its effect",
    ["queue"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3600),
)
INBOX_LAG_SECONDS = Histogram(
    "nextgen_inbox_lag_seconds",
    "From the making of a message to the moment a worker took it up; first attempts only",
    ["queue"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3600),
)
GROUP_SIZE = Histogram(
    "nextgen_group_deliveries", "Deliveries handled in one transaction", buckets=(2, 5, 10, 20, 50)
)
GROUPS_UNDONE = Counter("nextgen_groups_undone_total", "Groups that failed and were handled one by one")
CONSUMING = Gauge(
    "nextgen_consuming", "1 while our channels are open and the broker has cancelled no consumer, else 0"
)
POOL_WAIT_SECONDS = Histogram(
    "nextgen_pool_wait_seconds",
    "What a transaction waited for a database connection",
    buckets=(0.001, 0.01, 0.1, 0.5, 1, 5),
)
RETRIES = Counter("nextgen_retries_total", "Messages sent to a wait tier", ["tier"])
PARKED = Counter("nextgen_parked_total", "Messages given up on", ["reason"])
RELAYED = Counter("nextgen_relayed_total", "Outbox messages that the broker confirmed")
OUTBOX_LENGTH = Gauge("nextgen_outbox_messages", "Messages that the broker has not confirmed yet")
POLICIES = Info("nextgen_policies", "The policies this process works by")
OUTBOX_AGE = Gauge("nextgen_outbox_age_seconds", "Since when the oldest of them waits")
JOB_FAILURES = Counter("nextgen_job_failures_total", "Pieces of a job's work that failed", ["work"])
RENDERINGS_FAILING = Gauge(
    "nextgen_statement_renderings_failing", "Statements whose files were begun more than once and aren't made"
)
MAIL = Counter("nextgen_mail_total", "Attempts to send a mail, by how they ended", ["kind", "outcome"])
HTTP_SECONDS = Histogram(
    "nextgen_http_seconds",
    "From a request's head to the end of its answer",
    ["route", "method", "status"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 5, 10),
)
