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
