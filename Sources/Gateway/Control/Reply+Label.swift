internal import NIOHTTP1
internal import Runs

extension Reply {
    /// Where nothing is recorded nothing can be marked.
    static let notRecording = error(
        .conflict,
        "This gateway records nothing; start it with --record DIR.",
        type: "invalid_request_error",
        code: "not_recording"
    )

    static func notRecorded(_ run: Run) -> Reply {
        error(
            .conflict,
            """
            The run '\(run.id)' is not recorded: the options and rules leave it out, nothing has been found in it as yet, \
            or its recording was given up.
            """,
            type: "invalid_request_error",
            code: "not_recorded"
        )
    }

    static func notMarked(_ reason: any Error) -> Reply {
        error(.internalServerError, "The label could not be kept: \(reason)", type: "server_error", code: "not_kept")
    }
}
