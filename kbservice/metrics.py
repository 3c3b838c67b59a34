"""What is counted and timed, with units in the names, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one application; counters grow, gauges are set when read."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "kbservice_http_requests",
            "Answered requests.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self.request_duration = Histogram(
            "kbservice_request_duration_seconds",
            "Time from the first hook to the answer.",
            ("route",),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self.search_duration = Histogram(
            "kbservice_search_duration_seconds",
            "Time of one search, without the HTTP around it.",
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self.suggest_duration = Histogram(
            "kbservice_suggest_duration_seconds",
            "Time of one suggestion, without the HTTP around it.",
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self.tickets_submitted = Counter(
            "kbservice_tickets_submitted", "Tickets stored by the API.", registry=self._registry
        )
        self.degraded_answers = Counter(
            "kbservice_degraded_answers",
            "Answers given while a part was down.",
            ("part",),
            registry=self._registry,
        )
        self.index_documents = self._gauge(
            "kbservice_index_documents_count", "Documents in the index that answers."
        )
        self.index_generation = self._gauge(
            "kbservice_index_generation_number", "Index generation that answers; 0: none."
        )
        self.index_lag = self._gauge(
            "kbservice_index_lag_seconds", "Age of the oldest change that searches cannot see."
        )
        self.outbox_pending = self._gauge(
            "kbservice_outbox_pending", "Changes that wait for the index."
        )
        self.outbox_parked = self._gauge(
            "kbservice_outbox_parked", "Changes that failed too often and wait for a person."
        )
        self.degraded = Gauge(
            "kbservice_degraded",
            "1 while the part is down, else 0.",
            ("part",),
            registry=self._registry,
        )
        self._add_signs_of_life()

    def _add_signs_of_life(self) -> None:
        self.worker_alive = self._gauge(
            "kbservice_worker_alive_ratio", "1 while the worker shows signs of life, else 0."
        )
        self.abstained = self._gauge(
            "kbservice_classifier_abstained_ratio",
            "Share of the last seven days' tickets that no category was offered for.",
        )
        self.unknown_words = self._gauge(
            "kbservice_classifier_unknown_words_ratio",
            "Share of the last seven days' words that the classifier does not know.",
        )
        self.label_shift = self._gauge(
            "kbservice_classifier_label_shift_number",
            "Population stability index of the last seven days' categories; 0: the usual mix.",
        )
        self.drifting = self._gauge(
            "kbservice_classifier_drifting_ratio",
            "1 while tickets are unlike those that the classifier learned from, else 0.",
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self._registry)

    def exposition(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self._registry)
