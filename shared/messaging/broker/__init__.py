"""The broker: the only package that knows AMQP. Connections, strict publishing, deliveries, reply queues."""

from shared.messaging.broker.connections import BrokerConnection, Subscription, addresses_of, connect
from shared.messaging.broker.deliveries import QUEUE_AWAY, Delivery, Login, acknowledge_all, is_cancelled
from shared.messaging.broker.publisher import CONFIRM_TIMEOUT_SECONDS, Publisher

__all__ = [
    "CONFIRM_TIMEOUT_SECONDS",
    "QUEUE_AWAY",
    "BrokerConnection",
    "Delivery",
    "Login",
    "Publisher",
    "Subscription",
    "acknowledge_all",
    "addresses_of",
    "connect",
    "is_cancelled",
]
