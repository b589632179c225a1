import LoopDetection

/// The detectors of tool calls.
extension RuleFormat {
    static func toolNameRun(_ place: Place<ToolNameRunSettings>) -> RuleKey {
        .map(
            "tool_name_run",
            "Many calls of one tool, or many calls, in one response.",
            [
                .ceiling(place.mode),
                .warnStop("run", place.run, "Calls of the same tool in a row."),
                .warnStop("total", place.total, "Calls in all."),
                .names("exempt", place.exempt, "Tools that neither count nor break the run."),
            ]
        )
    }

    static func argumentDedup(_ place: Place<ArgumentDedupSettings>) -> RuleKey {
        .map(
            "argument_dedup",
            "The same call with the same arguments more than once in one response.",
            fault: { policy in
                let settings = place.get(policy)
                guard settings.windowStop > settings.window else { return nil }
                return "wants \(settings.windowStop) equal calls and remembers only \(settings.window)"
            },
            [
                .ceiling(place.mode),
                .warnStop("consecutive", place.consecutive, "Identical calls in a row."),
                .integer("window_stop", 2...1_000, place.windowStop, "Identical calls among the last that stop."),
                .integer("window", 2...1_000, place.window, "The calls that are remembered."),
                .names("exempt", place.exempt, "Tools that are not looked at."),
                .namesByName("ignore_fields", place.ignoreFields, ignoredFields),
            ]
        )
    }

    static func historyRepeat(_ place: Place<HistoryRepeatSettings>) -> RuleKey {
        .map(
            "history_repeat",
            "The same calls with the same results from turn to turn.",
            [
                .ceiling(place.mode),
                .warnStop("identical", place.identical, "The same call with the same result in turns that follow."),
                .warnStop("cycles", place.cycles, "Rounds of two to five turns, equal in calls and results."),
                .warnStop(
                    "interleaved",
                    place.interleaved,
                    "The same call with the same result, with other work between that gets nowhere."
                ),
                .warnStop("same_error", place.sameError, "One tool, other arguments each time, always the same error."),
                .warnStop(
                    "same_result",
                    place.sameResult,
                    "One tool, other arguments each time, always the same result of 64 bytes or more."
                ),
                .warnStop("polling", place.polling, "The same call with changing results."),
                .warnStop("unknown_tool", place.unknownTool, "Calls of tools that do not exist."),
                .names("exempt", place.exempt, "Tools that neither count nor break a series."),
                .namesByName("ignore_fields", place.ignoreFields, ignoredFields),
            ]
        )
    }

    static func permanentFailure(_ place: Place<PermanentFailureSettings>) -> RuleKey {
        .map(
            "permanent_failure",
            "Failures that trying again cannot mend.",
            [
                .ceiling(place.mode),
                .warnStop("binary_missing", place.binaryMissing, "A program that is not installed."),
                .warnStop("not_found", place.notFound, "The same call for a file that is not there."),
                .warnStop("permission", place.permission, "Denials with the same error."),
                .warnStop("unknown_tool", place.unknownTool, "Calls of tools that do not exist."),
                .warnStop("invalid_argument", place.invalidArgument, "Arguments refused with the same error."),
                .warnStop("edit_mismatch", place.editMismatch, "Edits whose text is not in the file."),
                .warnStop("is_directory", place.isDirectory, "A directory read or written as if it were a file."),
                .names("exempt", place.exempt, "Tools that are not looked at."),
            ]
        )
    }

    private static let ignoredFields = """
        Argument fields that do not make two calls different, by the name of the tool; "*" stands for every tool.
        """
}
