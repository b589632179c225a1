public import Exposition

extension GatewayServer {
    /// What the gateway's metrics mean and, for histograms, how finely they tell; for the backend that renders them.
    public static let metricDescriptions = [
        MetricDescription(
            "loopguard_requests_total",
            help:
                "Requests that ended, by format and by how: completed, capped (a guard), stopped, disconnected, failed."
        ),
        MetricDescription("loopguard_in_flight_requests", help: "Requests being proxied now."),
        MetricDescription(
            "loopguard_time_to_first_token_seconds",
            help: "From a guarded request's arrival to the first byte of the engine's stream."
        ),
        MetricDescription(
            "loopguard_inter_event_seconds",
            help: "Between two reads of an engine's stream.",
            buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]
        ),
        MetricDescription("loopguard_request_duration_seconds", help: "From a request's arrival to its end."),
        MetricDescription(
            "loopguard_trips_total",
            help: "Verdicts of the detectors, by how far they were allowed to go; mode=\"stop\" ended a run."
        ),
        MetricDescription(
            "loopguard_shadow_trips_total",
            help: "Runs that the shadow rules would have ended, by detector."
        ),
        MetricDescription(
            "loopguard_shadow_difference_total",
            help: """
                Runs that the shadow rules would have treated otherwise: newly_stopped; earlier; later_or_never, when \
                they had not stopped it by the time the rules in force did.
                """
        ),
        MetricDescription("loopguard_cancels_total", help: "Runs ended before their natural end, by who ended them."),
        MetricDescription(
            "loopguard_cancel_latency_seconds",
            help: "From the decision to end a run until the client's ending is written and the engine is told.",
            buckets: MetricDescription.processing
        ),
        MetricDescription(
            "loopguard_engine_confirmations_total",
            help:
                "Runs ended by the cancel board, by what the engine said about them; none when it kept silent for 5 s."
        ),
        MetricDescription(
            "loopguard_engine_stop_seconds",
            help: """
                From the decision to stop a run until the engine's end was seen: its word on the cancel board (board), after \
                its own way of cancelling (http), or after its connection was closed (close).
                """,
            buckets: [
                0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 16.384,
            ]
        ),
        MetricDescription(
            "loopguard_tombstone_refusals_total",
            help: "Calls that were refused because the run they belong to had been stopped."
        ),
        MetricDescription(
            "loopguard_engine_cancel_total",
            help: """
                What was done to stop the engine, and what came of it. An engine's answer to its own way of cancelling: \
                stopped, accepted, not_found, unsupported, failed. In the end: confirmed, late (in quarantine), \
                unconfirmed (it works on), unknown (nothing shows it).
                """
        ),
        MetricDescription(
            "loopguard_engine_unconfirmed_total",
            help: "Runs that were cut and whose engine was not seen to stop."
        ),
        MetricDescription("loopguard_engine_info", help: "1 for the engine that is guarded, by what it is taken for."),
        MetricDescription("loopguard_queued_requests", help: "Requests that wait for a place at the engine."),
        MetricDescription(
            "loopguard_board_full_total",
            help: "Runs that went without a slot on the cancel board because all were taken."
        ),
        MetricDescription(
            "loopguard_bytes_total",
            help: "Bytes of bodies, from clients to engines (upstream) and from engines (downstream)."
        ),
        MetricDescription("loopguard_guard_seconds_total", help: "Time spent reading and judging streams."),
        MetricDescription(
            "loopguard_unread_events_total",
            help: "Events that passed unread because they were too long or could not be understood."
        ),
        MetricDescription(
            "loopguard_keep_alives_total",
            help: "Signs of life sent to clients while a tool call was held back or the engine was silent."
        ),
        MetricDescription(
            "loopguard_unguarded_requests_total",
            help: """
                Generations that could not be guarded: a body too long to collect, an encoded answer, a request that \
                the engine does not stream, a stream from an unknown path.
                """
        ),
        MetricDescription(
            "loopguard_upstream_errors_total",
            help: "Faults of the engine or on the way to it, by kind."
        ),
    ]
}
