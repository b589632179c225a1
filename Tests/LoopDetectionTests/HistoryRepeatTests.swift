import GenerationWire
import LoopDetection
import Testing

/// Cases of the survey that must end in a verdict, and the convention of counting.
struct HistoryRepeatTests {
    private static let page = String(repeating: "<li>entry</li>\n", count: 12)

    // MARK: - Identical rounds

    @Test func p22TheFifthIdenticalExecutionIsStopped() {
        var conversation = ToolConversation()
        let command = "curl -s http://localhost:8080/health"
        for past in 1...76 {
            conversation.bash(command, "{\"status\":\"ok\"}")
            if past > 6, past < 76 { continue }
            let mode = conversation.nextBash(command).mode(.historyRepeat)
            #expect(mode == (past + 1 >= 5 ? .stop : past + 1 >= 3 ? .warn : .off), "after \(past)")
        }
        let verdicts = conversation.nextBash(command)
        #expect(verdicts.evidence(.historyRepeat, "pattern") == "identical")
        #expect(verdicts.evidence(.historyRepeat, "count") == "77")
        #expect(verdicts.evidence(.historyRepeat, "tool") == "bash")
        #expect(verdicts.evidence(.historyRepeat, "fingerprint")?.count == 32)
        #expect(verdicts.evidence(.historyRepeat, "messages")?.split(separator: ",").count == 8)
        #expect(verdicts.first { $0.detector == .historyRepeat }?.byte == 1)
    }

    @Test func theHistoryAloneStopsNothing() {
        var conversation = ToolConversation()
        for _ in 0..<40 { conversation.bash("ls", "a\nb") }
        let preflight = conversation.monitor.preflight()
        #expect(preflight.map(\.detector) == [.historyRepeat])
        #expect(preflight.map(\.mode) == [.warn])
        #expect(preflight.map(\.byte) == [0])
        #expect(conversation.nextBash("ls -la").mode(.historyRepeat) == .off)
        #expect(conversation.next(("read_file", "{\"path\":\"a\"}")).isEmpty)
    }

    @Test func theCallMayComeAfterOthersOnlyWhenTheyBelongToTheRound() {
        var conversation = ToolConversation()
        let a = ("read_file", "{\"path\":\"a\"}")
        let b = ("read_file", "{\"path\":\"b\"}")
        for _ in 0..<4 { conversation.round([(a.0, a.1, "one"), (b.0, b.1, "two")]) }
        #expect(conversation.next(a).mode(.historyRepeat) == .off)
        #expect(conversation.next(b, a).mode(.historyRepeat) == .stop)
        #expect(conversation.next(a, ("read_file", "{\"path\":\"c\"}"), b).mode(.historyRepeat) == .off)
    }

    @Test func parallelCallsCountOnce() {
        var conversation = ToolConversation()
        conversation.round(Array(repeating: ("read_file", "{\"path\":\"a\"}", "same"), count: 8))
        #expect(conversation.next(("read_file", "{\"path\":\"a\"}")).mode(.historyRepeat) == .off)
    }

    @Test func p23AnEqualStatusIsALoop() {
        var conversation = ToolConversation()
        for _ in 0..<30 { conversation.call("acp_status", "{\"id\":\"7\"}", "state: idle, queue empty") }
        #expect(conversation.next(("acp_status", "{\"id\":\"7\"}")).mode(.historyRepeat) == .stop)
    }

    @Test func p23AChangingStatusIsPolling() {
        var conversation = ToolConversation()
        for step in 0..<30 { conversation.call("acp_status", "{\"id\":\"7\"}", "state: running, \(step) of 90 files") }
        let verdicts = conversation.next(("acp_status", "{\"id\":\"7\"}"))
        #expect(verdicts.mode == .warn)
        #expect(verdicts.evidence(.historyRepeat, "pattern") == "polling")
    }

    @Test func p24TheSameValidationErrorIsJudgedAgainAfterTheWarning() {
        var conversation = ToolConversation()
        var modes: [Mode] = []
        for _ in 0..<8 {
            conversation.call("todo", "{}", "Validation error: missing required property 'items'")
            modes.append(conversation.next(("todo", "{}")).mode(.historyRepeat))
        }
        #expect(modes == [.off, .warn, .warn, .stop, .stop, .stop, .stop, .stop])
        #expect(conversation.next(("todo", "{}")).mode(.permanentFailure) == .stop)
    }

    @Test func p29AResultThatDiffersInItsDurationIsTheSame() {
        var conversation = ToolConversation()
        for index in 0..<4 {
            conversation.bash("cat notes.txt", "exit_code=0\nwall_time=0.26\(index)0s\nnothing to see here")
        }
        #expect(conversation.nextBash("cat notes.txt").mode(.historyRepeat) == .stop)
    }

    @Test func p33TheSameSearchBetweenGarbage() {
        var conversation = ToolConversation()
        for _ in 0..<193 { conversation.call("grep", "{\"pattern\":\"foo(\",\"path\":\".\"}", "No matches found") }
        #expect(conversation.next(("grep", "{\"path\":\".\",\"pattern\":\"foo(\"}")).mode(.historyRepeat) == .stop)
    }

    // MARK: - Cycles and other work between

    @Test func p31ReadAndFailingEditInTurn() {
        var conversation = ToolConversation()
        let read = ("read_file", "{\"path\":\"a.swift\"}")
        let edit = ("edit", "{\"path\":\"a.swift\",\"old\":\"x\",\"new\":\"y\"}")
        let text = "let a = 1\n"
        let error = "Error: text not found in file"
        conversation.call(read.0, read.1, text)
        conversation.call(edit.0, edit.1, error)
        conversation.call(read.0, read.1, text)
        #expect(conversation.next(edit).mode(.historyRepeat) == .warn)
        conversation.call(edit.0, edit.1, error)
        conversation.call(read.0, read.1, text)
        let verdicts = conversation.next(edit)
        #expect(verdicts.mode(.historyRepeat) == .stop)
        #expect(verdicts.evidence(.historyRepeat, "pattern") == "cycle")
        #expect(verdicts.evidence(.historyRepeat, "count") == "3")
        conversation.call(edit.0, edit.1, error)
        #expect(conversation.next(read).mode(.historyRepeat) == .stop)
        #expect(conversation.next(("read_file", "{\"path\":\"b.swift\"}")).mode(.historyRepeat) == .off)
    }

    @Test(arguments: [2, 3, 4, 5])
    func cyclesOfTwoToFiveRounds(period: Int) {
        var conversation = ToolConversation()
        for index in 0..<(3 * period - 1) { conversation.bash("step \(index % period)", "result \(index % period)") }
        #expect(conversation.nextBash("step \(period - 1)").mode(.historyRepeat) == .stop)
        #expect(conversation.nextBash("step 0").evidence(.historyRepeat, "pattern") != "cycle")
    }

    @Test func aCycleWithChangingResultsIsNone() {
        var conversation = ToolConversation()
        for index in 0..<12 {
            conversation.bash("make", "error in line \(index)")
            conversation.call("edit", "{\"path\":\"a.c\",\"line\":\(index)}", "ok")
        }
        #expect(conversation.nextBash("make").mode(.historyRepeat) == .off)
    }

    @Test func theSameCallAmongUselessOthers() {
        var conversation = ToolConversation()
        // Neither call gets anywhere; their order has no period.
        let order = [0, 1, 2, 0, 1, 0, 0, 2, 1, 0, 2, 0, 1, 1, 0, 2, 0]
        for index in order { conversation.bash("look \(index)", "nothing \(index)") }
        let verdicts = conversation.nextBash("look 0")
        #expect(verdicts.evidence(.historyRepeat, "pattern") == "interleaved")
        #expect(verdicts.mode(.historyRepeat) == .stop)
        #expect(verdicts.evidence(.historyRepeat, "count") == "8")
        #expect(conversation.nextBash("look 1").mode(.historyRepeat) == .warn)
    }

    @Test func progressElsewhereVetoesInterleaving() {
        var conversation = ToolConversation()
        for index in 0..<20 {
            conversation.bash("git status", "clean")
            conversation.call("write_file", "{\"path\":\"f\(index)\",\"content\":\"\(index)\"}", "written")
        }
        #expect(conversation.nextBash("git status").mode(.historyRepeat) == .off)
    }

    @Test func p32ExemptPollsDoNotBreakTheStreak() {
        var conversation = ToolConversation()
        conversation.settings.historyRepeat.exempt = ["job_poll"]
        for index in 0..<4 {
            conversation.bash("pytest -q", "1 failed")
            conversation.call("job_poll", "{\"n\":\(index)}", "tick \(index)")
        }
        #expect(conversation.nextBash("pytest -q").mode(.historyRepeat) == .stop)
        #expect(conversation.next(("job_poll", "{\"n\":9}")).isEmpty)
        #expect(conversation.next(("job_poll", "{}"), ("bash", "{\"command\":\"pytest -q\"}")).mode == .stop)
    }

    // MARK: - Stagnation

    @Test func p27TheSameDenialForEveryVariation() {
        var conversation = ToolConversation()
        var modes: [Mode] = []
        for index in 0..<49 {
            conversation.bash("ssh -o Opt\(index)=yes host uptime", "deploy@host: Permission denied (publickey).")
            if index > 7, index < 48 { continue }
            modes.append(conversation.nextBash("ssh -vv -i key\(index) host").mode(.historyRepeat))
        }
        #expect(modes == [.off, .off, .warn, .warn, .warn, .warn, .stop, .stop, .stop])
        #expect(conversation.nextBash("ssh host").evidence(.historyRepeat, "pattern") == "same_error")
        #expect(conversation.nextBash("ls ~/.ssh").mode == .off)
    }

    @Test func anErrorOfAnotherKindEndsTheStagnation() {
        var conversation = ToolConversation()
        for index in 0..<10 {
            conversation.call("fetch", "{\"url\":\"u\(index)\"}", "Error: bad gateway id \(index / 3)")
        }
        #expect(conversation.next(("fetch", "{\"url\":\"z\"}")).mode(.historyRepeat) == .off)
    }

    @Test func theSameLongResultForVariationsOnlyWarns() {
        var conversation = ToolConversation()
        for index in 0..<40 { conversation.call("search", "{\"q\":\"\(index)\"}", Self.page) }
        let verdicts = conversation.next(("search", "{\"q\":\"x\"}"))
        #expect(verdicts.mode == .warn)
        #expect(verdicts.evidence(.historyRepeat, "pattern") == "same_result")
    }

    // MARK: - Unknown tools

    @Test func p25UnknownNamesThatVary() {
        var conversation = ToolConversation(offered: ["write", "edit", "bash", "read"])
        var modes: [Mode] = []
        for name in ["wri", "ed", "ba", "re", "wri"] {
            conversation.call(name, "{\"path\":\"\(name)\"}", "Tool \(name) not found")
            modes.append(conversation.next(("rea", "{}")).mode(.historyRepeat))
        }
        #expect(modes == [.off, .warn, .warn, .warn, .stop])
        #expect(conversation.next(("read", "{\"path\":\"a\"}")).isEmpty)
    }

    @Test func p26ATrulyAbsentTool() {
        var conversation = ToolConversation()
        for index in 0..<754 {
            conversation.call("WebSearch", "{\"query\":\"q\(index)\"}", "Error: Tool WebSearch not found")
        }
        let verdicts = conversation.next(("WebSearch", "{\"query\":\"again\"}"))
        #expect(verdicts.mode(.historyRepeat) == .stop)
        #expect(verdicts.mode(.permanentFailure) == .stop)
        #expect(verdicts.evidence(.permanentFailure, "pattern") == "unknown_tool")
        #expect(conversation.nextBash("ls").isEmpty)
    }

    // MARK: - What never counts as equal

    @Test func missingResultsAreEqualToNothing() {
        var conversation = ToolConversation()
        for _ in 0..<20 { conversation.bash("ls", nil) }
        #expect(conversation.nextBash("ls").mode(.historyRepeat) == .off)
        #expect(conversation.monitor.preflight().isEmpty)
    }

    @Test(arguments: ["[Old tool result content cleared]", "<result omitted to save context>", "[truncated]"])
    func placeholdersAreEqualToNothing(text: String) {
        var conversation = ToolConversation()
        for _ in 0..<20 { conversation.bash("ls", text) }
        #expect(conversation.nextBash("ls").mode(.historyRepeat) == .off)
    }

    @Test func ownRefusalsNeitherCountNorBreakTheStreak() {
        var conversation = ToolConversation()
        for _ in 0..<4 { conversation.bash("ls", "a") }
        for _ in 0..<3 { conversation.bash("ls", "[loopguard] refused: history_repeat") }
        let verdicts = conversation.nextBash("ls")
        #expect(verdicts.mode(.historyRepeat) == .stop)
        #expect(verdicts.evidence(.historyRepeat, "count") == "5")
        #expect(verdicts.mode(.permanentFailure) == .off)
    }

    @Test func aUserMessageBeginsAnew() {
        var conversation = ToolConversation()
        for _ in 0..<10 { conversation.bash("ls", "a") }
        conversation.user()
        #expect(conversation.nextBash("ls").isEmpty)
        #expect(conversation.monitor.preflight().isEmpty)
        for _ in 0..<3 { conversation.bash("ls", "a") }
        #expect(conversation.nextBash("ls").mode(.historyRepeat) == .warn)
    }

    @Test func otherWorkBreaksTheRow() {
        var conversation = ToolConversation()
        for _ in 0..<3 { conversation.bash("ls", "a") }
        conversation.bash("cat b", "new")
        conversation.bash("ls", "a")
        #expect(conversation.nextBash("ls").mode(.historyRepeat) == .off)
    }

    @Test func ignoredFieldsAndThresholdsComeFromTheSettings() {
        var conversation = ToolConversation()
        for index in 0..<2 { conversation.call("bash", "{\"command\":\"ls\",\"description\":\"\(index)\"}", "a") }
        let next = ("bash", "{\"command\":\"ls\",\"description\":\"again\"}")
        #expect(conversation.next(next).isEmpty)
        conversation.settings.historyRepeat.ignoreFields = ["*": ["description"]]
        #expect(conversation.next(next).mode(.historyRepeat) == .warn)
        conversation.settings.historyRepeat.identical = WarnStop(warn: 0, stop: 3)
        #expect(conversation.next(next).mode(.historyRepeat) == .stop)
        conversation.settings.historyRepeat.mode = .observe
        #expect(conversation.next(next).mode(.historyRepeat) == .observe)
        conversation.settings.historyRepeat.mode = .off
        #expect(conversation.next(next).isEmpty)
        #expect(conversation.monitor.preflight().isEmpty)
    }

    @Test func aThresholdOfZeroIsNever() {
        var conversation = ToolConversation()
        conversation.settings.historyRepeat.identical = WarnStop(warn: 0, stop: 0)
        conversation.settings.permanentFailure.mode = .off
        for _ in 0..<30 { conversation.bash("ls", "a") }
        #expect(conversation.nextBash("ls").isEmpty)
    }

    @Test func preflightIsNoLouderThanTheMode() {
        var conversation = ToolConversation()
        conversation.settings.historyRepeat.mode = .observe
        for _ in 0..<9 { conversation.bash("ls", "a") }
        #expect(conversation.monitor.preflight().map(\.mode) == [.observe])
    }

    @Test func aConversationWithoutAPastSaysNothing() {
        let monitor = ToolCallMonitor(conversation: Conversation(), settings: DetectorSettings())
        #expect(monitor.preflight().isEmpty)
    }
}

/// Cases of the survey that must never be stopped.
struct HistoryRepeatHealthyTests {
    @Test func n19TheSameFanOutWithDifferentArguments() {
        var conversation = ToolConversation()
        conversation.round(["Oslo", "Lima", "Hanoi"].map { ("get_weather", "{\"city\":\"\($0)\"}", "cloudy") })
        #expect(
            conversation.next(("get_weather", "{\"city\":\"Rome\"}"), ("get_weather", "{\"city\":\"Kyiv\"}")).isEmpty
        )
    }

    @Test func n20ABatchOverTwentyFiles() {
        var conversation = ToolConversation()
        for index in 0..<20 {
            conversation.call("read_file", "{\"path\":\"src/f\(index).ts\"}", "import { a } from './a\(index)'")
            conversation.call(
                "edit",
                "{\"path\":\"src/f\(index).ts\",\"new\":\"import './b'\"}",
                "The file has been updated."
            )
            conversation.bash("git mv src/f\(index).ts lib/f\(index).ts", "")
            #expect(conversation.next(("read_file", "{\"path\":\"src/f\(index + 1).ts\"}")).isEmpty)
            #expect(conversation.next(("edit", "{\"path\":\"src/f\(index + 1).ts\",\"new\":\"x\"}")).isEmpty)
        }
    }

    @Test func n21ADebuggerThatSteps() {
        var conversation = ToolConversation()
        for line in 0..<10 {
            conversation.call("gdb", "{\"command\":\"next\"}", "\(40 + line)\t    total += values[\(line)];")
            #expect(conversation.next(("gdb", "{\"command\":\"next\"}")).isEmpty)
        }
        for line in 0..<10 {
            conversation.call("gdb", "{\"command\":\"stepi\"}", "0x00005555555551\(line)4 in main ()")
            #expect(conversation.next(("gdb", "{\"command\":\"stepi\"}")).isEmpty)
        }
    }

    @Test(arguments: [
        ("bash", "{\"command\":\"git status --short\"}"), ("bash", "{\"command\":\"sleep 30 && ./check.sh\"}"),
        ("task_list", "{}"), ("read_output", "{\"id\":\"bg-1\"}"),
    ])
    func n22PollingWithChangingResults(name: String, arguments: String) {
        var conversation = ToolConversation()
        for step in 0..<50 {
            conversation.call(name, arguments, "step \(step) of 80, running for \(30 * step)s")
            if step % 7 == 0 { #expect(conversation.next((name, arguments)).mode < .stop) }
        }
    }

    @Test func n22WholeSecondsTellAWaitFromALoop() {
        var conversation = ToolConversation()
        for step in 1...10 { conversation.call("read_output", "{}", "still building, \(30 * step)s elapsed") }
        #expect(conversation.next(("read_output", "{}")).isEmpty)
    }

    @Test func n23WaitingForALongProcess() {
        var conversation = ToolConversation()
        conversation.bash("npm run build", "[The command has no new output after 10.0 seconds.]")
        for _ in 0..<10 {
            conversation.bash("", "[The command has no new output after 10.0 seconds.]")
            #expect(conversation.nextBash("").mode == .off)
        }
        for _ in 0..<10 { conversation.bash("sleep 20", "") }
        #expect(conversation.nextBash("sleep 20").mode < .stop)
    }

    @Test func n24EditAndTestWithDifferentFailures() {
        var conversation = ToolConversation()
        for index in 0..<15 {
            conversation.call("edit", "{\"path\":\"a.py\",\"old\":\"\(index)\",\"new\":\"\(index + 1)\"}", "ok")
            conversation.bash("pytest -q", "FAILED test_a.py::test_\(index) - assert \(index) == 1\nexit code: 1")
            #expect(conversation.nextBash("pytest -q").isEmpty)
        }
    }

    @Test func n24EditAndTestWithTheSameFailure() {
        var conversation = ToolConversation()
        for index in 0..<15 {
            conversation.call("edit", "{\"path\":\"a.py\",\"old\":\"\(index)\",\"new\":\"\(index + 1)\"}", "ok")
            conversation.bash("pytest -q", "FAILED test_a.py::test_a - assert 0 == 1\nexit code: 1")
            #expect(conversation.next(("edit", "{\"path\":\"a.py\",\"old\":\"n\",\"new\":\"m\"}")).isEmpty)
        }
        #expect(conversation.nextBash("pytest -q").isEmpty)
    }

    @Test func n25TheSameShortResultForDifferentWork() {
        var conversation = ToolConversation()
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
            conversation.call("attach_file", "{\"file\":\"\(name).pdf\"}", "True")
        }
        #expect(conversation.next(("attach_file", "{\"file\":\"z.pdf\"}")).isEmpty)
    }

    @Test func n30DifferentCommandsOfOneTerminal() {
        var conversation = ToolConversation()
        for command in ["pwd", "ls", "cat README.md", "git log -1", "swift --version"] {
            conversation.call("terminal", ToolConversation.command(command), "output of \(command)")
        }
        #expect(conversation.next(("terminal", ToolConversation.command("uname -a"))).isEmpty)
    }
}
