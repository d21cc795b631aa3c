"""Private PostgreSQL and RabbitMQ for one checkout: found, started on free ports, ended cleanly."""
