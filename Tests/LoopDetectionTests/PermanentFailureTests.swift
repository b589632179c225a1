import GenerationWire
import LoopDetection
import Testing

struct PermanentFailureTests {
    private let missing = "bash: line 1: cargo: command not found"

    /// A conversation in which a command fails so many times; other work lies between, so that rounds do not repeat.
    private func failing(_ times: Int, _ command: String, _ result: String, isError: Bool? = nil) -> ToolConversation {
        var conversation = ToolConversation()
        for index in 0..<times {
            conversation.bash(command, result, isError: isError)
            conversation.call("note", "{\"n\":\(index)}", "noted \(index)")
        }
        return conversation
    }

    private func mode(_ verdicts: [Verdict]) -> Mode { verdicts.mode(.permanentFailure) }

    // MARK: - A program that is missing

    @Test func p30AProgramThatIsNotInstalled() {
        var conversation = ToolConversation()
        conversation.bash("cargo build --release", missing)
        #expect(mode(conversation.nextBash("cargo test")) == .off)
        conversation.bash("cd core && cargo test 2>&1 | tail -5", "sh: 1: cargo: not found")
        let verdicts = conversation.nextBash("cargo check")
        #expect(mode(verdicts) == .warn)
        #expect(verdicts.evidence(.permanentFailure, "pattern") == "binary_missing")
        #expect(verdicts.evidence(.permanentFailure, "line") == "sh: 1: cargo: not found")
        #expect(verdicts.evidence(.permanentFailure, "messages") == "3,5")
        #expect(verdicts.evidence(.permanentFailure, "count") == "2")
        conversation.bash("RUST_LOG=1 cargo run", "zsh: command not found: cargo")
        conversation.bash("timeout 60 cargo fmt", missing)
        #expect(mode(conversation.nextBash("cargo check")) == .stop)
        #expect(mode(conversation.nextBash("echo cargo && ls")) == .off)
        #expect(conversation.monitor.preflight().map(\.mode) == [.warn])
    }

    @Test(arguments: [
        "/bin/sh: 1: cargo: not found", "zsh: command not found: cargo", "cargo: command not found",
        "bash: cargo: command not found\nexit code: 127", "exit code: 127", "Process exited with code 127",
        "'cargo' is not recognized as an internal or external command,\noperable program or batch file.",
        "exec: \"cargo\": executable file not found in $PATH", "Error: cargo: command not found",
        "{\"output\":\"bash: cargo: command not found\\n\",\"metadata\":{\"exit_code\":127}}",
    ])
    func shellsSayItInManyWays(result: String) {
        #expect(mode(failing(4, "cargo build", result).nextBash("cargo build")) == .stop)
    }

    @Test(arguments: [
        "npm ERR! 404 'left-padd@*' : not found", "error: package `foo` not found", "404: Not Found",
        "Expected cargo: command not found to be absent", "echo 'cargo: command not found'",
        "cargo: command not found?",
        "TypeError: cargo is not a function", "error: directory already exists",
    ])
    func whatOnlyLooksLikeIt(result: String) {
        #expect(mode(failing(8, "cargo build", result).nextBash("cargo build")) == .off)
    }

    @Test(arguments: [
        "apt-get install -y cargo", "brew install rust", "curl https://sh.rustup.rs -sSf | sh -s -- -y",
        "export PATH=$HOME/.cargo/bin:$PATH", "source $HOME/.cargo/env", "pip install cargo", "sudo make install",
        "ln -s /opt/cargo /usr/local/bin/cargo",
    ])
    func installingClearsIt(command: String) {
        var conversation = failing(6, "cargo build", missing)
        conversation.bash(command, "done")
        #expect(mode(conversation.nextBash("cargo build")) == .off)
    }

    @Test func aCallThatInstallsFirstIsNotJudged() {
        let conversation = failing(6, "cargo build", missing)
        #expect(mode(conversation.nextBash("apt install -y cargo && cargo build")) == .off)
        #expect(mode(conversation.nextBash("PATH=$PATH:/opt/bin cargo build")) == .off)
        #expect(mode(conversation.nextBash("ls; cargo build")) == .stop)
    }

    @Test func aMissingInstallerDoesNotExcuseItself() {
        let conversation = failing(6, "pip install x", "bash: pip: command not found")
        #expect(mode(conversation.nextBash("pip install y")) == .stop)
        #expect(mode(conversation.nextBash("apt install python3-pip && pip install y")) == .off)
    }

    @Test func aProgramThatRanIsThere() {
        var conversation = failing(6, "cargo build", missing)
        conversation.bash("cargo --version", "error[E0308]: mismatched types\nexit code: 101")
        #expect(mode(conversation.nextBash("cargo build")) == .off)
    }

    @Test func anotherProgramDoesNotClearIt() {
        var conversation = failing(4, "cargo build", missing)
        conversation.bash("ls", "Cargo.toml")
        #expect(mode(conversation.nextBash("cargo build")) == .stop)
    }

    @Test func parallelFailuresCountOnce() {
        var conversation = ToolConversation()
        conversation.round(
            (0..<6).map { ("bash", ToolConversation.command("cargo test -p p\($0)"), missing) }
        )
        #expect(mode(conversation.nextBash("cargo build")) == .off)
    }

    @Test func aProgramThatAScriptMissesCountsForTheScript() {
        let conversation = failing(4, "./build.sh", "./build.sh: line 3: cargo: command not found", isError: true)
        #expect(mode(conversation.nextBash("./build.sh")) == .stop)
        #expect(mode(conversation.nextBash("./build.sh --offline")) == .off)
    }

    @Test func commandsAreComparedAsAWhole() {
        let conversation = failing(6, "cd a && cat x.txt", "cat: x.txt: No such file or directory")
        #expect(mode(conversation.nextBash("cd a && cat x.txt")) == .stop)
        #expect(mode(conversation.nextBash("cd b && cat x.txt")) == .off)
    }

    // MARK: - A file that is not there

    private func notFound(_ times: Int) -> ToolConversation {
        var conversation = ToolConversation()
        for _ in 0..<times {
            conversation.call(
                "read_file",
                "{\"path\":\"src/app.py\"}",
                "Error: ENOENT: no such file or directory, open 'src/app.py'"
            )
        }
        return conversation
    }

    private let read = ("read_file", "{\"path\":\"src/app.py\"}")

    @Test func aFileThatIsNotThere() {
        #expect(mode(notFound(2).next(read)) == .off)
        #expect(mode(notFound(3).next(read)) == .warn)
        #expect(mode(notFound(6).next(read)) == .stop)
        #expect(mode(notFound(6).next(("read_file", "{\"path\":\"src/main.py\"}"))) == .off)
        #expect(notFound(6).next(read).evidence(.permanentFailure, "pattern") == "not_found")
    }

    @Test func theFileMustBeTheOneThatWasAskedFor() {
        var conversation = ToolConversation()
        for _ in 0..<8 { conversation.bash("make", "main.c:1:10: fatal error: foo.h: No such file or directory") }
        #expect(mode(conversation.nextBash("make")) == .off)
    }

    @Test func aWriteSinceClearsIt() {
        var conversation = notFound(6)
        conversation.call("write_file", "{\"path\":\"src/app.py\",\"content\":\"x\"}", "File written")
        #expect(mode(conversation.next(read)) == .off)
    }

    @Test func aFailedWriteDoesNotClearIt() {
        var conversation = notFound(6)
        conversation.call("write_file", "{\"path\":\"src/app.py\",\"content\":\"x\"}", "Error: disk full")
        #expect(mode(conversation.next(read)) == .stop)
    }

    @Test func aSuccessfulCommandSinceClearsIt() {
        var conversation = notFound(6)
        conversation.bash("git checkout main", "Switched to branch 'main'")
        #expect(mode(conversation.next(read)) == .off)
    }

    @Test func readingAnotherFileDoesNotClearIt() {
        var conversation = notFound(6)
        conversation.call("read_file", "{\"path\":\"README.md\"}", "# Title")
        #expect(mode(conversation.next(read)) == .stop)
    }

    @Test func successOfTheCallItselfClearsIt() {
        var conversation = notFound(6)
        conversation.call(read.0, read.1, "print('hello')")
        #expect(mode(conversation.next(read)) == .off)
    }

    // MARK: - Denials

    private func denied(_ times: Int) -> ToolConversation {
        var conversation = ToolConversation()
        for index in 0..<times {
            conversation.call(
                "write_file",
                "{\"path\":\"/etc/app/\(index).conf\"}",
                "Error: Permission denied: '/etc/app/\(index).conf'"
            )
        }
        return conversation
    }

    private let write = ("write_file", "{\"path\":\"/etc/app/new.conf\"}")

    @Test func p28DenialsThatDifferInThePath() {
        #expect(mode(denied(3).next(write)) == .warn)
        #expect(mode(denied(384).next(write)) == .stop)
        #expect(denied(384).next(write).evidence(.permanentFailure, "count") == "384")
        #expect(denied(384).next(write).evidence(.permanentFailure, "messages")?.split(separator: ",").count == 8)
        #expect(mode(denied(384).next(read)) == .off)
    }

    @Test func aUserMessageClearsDenials() {
        var conversation = denied(10)
        conversation.user()
        #expect(mode(conversation.next(write)) == .off)
    }

    @Test func anotherDenialBeginsAnew() {
        var conversation = denied(5)
        conversation.call("write_file", "{\"path\":\"/etc/a\"}", "Error: Operation not permitted by profile: '/etc/a'")
        #expect(mode(conversation.next(write)) == .off)
    }

    @Test func successOfTheToolClearsDenials() {
        var conversation = denied(6)
        conversation.call("write_file", "{\"path\":\"/tmp/a\"}", "written")
        #expect(mode(conversation.next(write)) == .off)
    }

    @Test func changedRightsClearDenials() {
        var conversation = ToolConversation()
        for index in 0..<6 {
            conversation.bash("./run.sh \(index)", "bash: ./run.sh: Permission denied\nexit code: 126")
        }
        #expect(mode(conversation.nextBash("./run.sh 9")) == .stop)
        #expect(mode(conversation.nextBash("sudo ./run.sh 9")) == .off)
        conversation.bash("chmod +x run.sh", "")
        #expect(mode(conversation.nextBash("./run.sh 9")) == .off)
    }

    @Test func aDenialSpeaksOnlyAgainstTheProgramThatWasDenied() {
        var conversation = ToolConversation()
        for index in 0..<8 { conversation.bash("ssh host\(index)", "me@host: Permission denied (publickey).") }
        #expect(mode(conversation.nextBash("ssh other")) == .stop)
        #expect(mode(conversation.nextBash("ls")) == .off)
    }

    @Test func aSearchKeptOutOfOneFolderHasNotFailed() {
        var conversation = ToolConversation()
        for index in 0..<10 {
            conversation.bash("find / -name f\(index)", "find: '/root': Permission denied\nexit code: 1")
        }
        #expect(mode(conversation.nextBash("find / -name x")) == .off)
        var mixed = ToolConversation()
        for index in 0..<10 {
            mixed.bash("backup \(index)", "a ok\nb ok\nc ok\nbackup: /root: Permission denied\nexit code: 1")
        }
        #expect(mode(mixed.nextBash("backup x")) == .off)
    }

    // MARK: - The other classes

    @Test func argumentsThatTheToolRejects() {
        var conversation = ToolConversation()
        for _ in 0..<6 { conversation.call("todo", "{}", "Missing required parameter: items") }
        #expect(mode(conversation.next(("todo", " { } "))) == .stop)
        #expect(mode(conversation.next(("todo", "{\"items\":[]}"))) == .off)
    }

    @Test func anotherComplaintAboutTheArgumentsBeginsAnew() {
        var conversation = ToolConversation()
        for index in 0..<6 {
            conversation.call("todo", "{}", "Missing required parameter: \(index < 5 ? "items" : "title")")
        }
        #expect(mode(conversation.next(("todo", "{}"))) == .off)
    }

    @Test func editsThatDoNotMatchOnlyWarn() {
        var conversation = ToolConversation()
        for index in 0..<20 {
            conversation.call(
                "edit",
                "{\"path\":\"a.c\",\"old_string\":\"\(index)\"}",
                "Error: old_string not found in file a.c #\(index)"
            )
        }
        let edit = ("edit", "{\"path\":\"a.c\",\"old_string\":\"z\"}")
        #expect(mode(conversation.next(edit)) == .warn)
        #expect(mode(conversation.next(("edit", "{\"path\":\"b.c\",\"old_string\":\"z\"}"))) == .off)
        conversation.call("read_file", "{\"path\":\"a.c\"}", "int main;")
        #expect(mode(conversation.next(edit)) == .off)
    }

    @Test func aFolderReadAsAFile() {
        var conversation = ToolConversation()
        for _ in 0..<6 {
            conversation.call("read_file", "{\"path\":\"src\"}", "EISDIR: illegal operation on a directory, read")
        }
        #expect(mode(conversation.next(("read_file", "{\"path\":\"src\"}"))) == .stop)
    }

    @Test func aValidCallClearsUnknownTools() {
        var conversation = ToolConversation(offered: ["read_file"])
        for name in ["rd", "red", "reed", "raed", "rdea", "fread"] {
            conversation.call(name, "{}", "Unknown tool: \(name)")
        }
        #expect(mode(conversation.next(("r", "{}"))) == .stop)
        conversation.call("read_file", "{\"path\":\"a\"}", "text")
        #expect(mode(conversation.next(("r", "{}"))) == .off)
    }

    @Test func anErrorOfAToolThatIsNotOfferedNeedsNoWords() {
        var conversation = ToolConversation(offered: ["read_file"])
        for name in ["rd", "red", "reed"] { conversation.call(name, "{}", "Error: \(name)?!") }
        #expect(mode(conversation.next(("r", "{}"))) == .warn)
        #expect(conversation.next(("r", "{}")).mode(.historyRepeat) == .warn)
        #expect(mode(conversation.next(("read_file", "{}"))) == .off)
        var answered = ToolConversation(offered: ["read_file"])
        for name in ["rd", "red", "reed"] { answered.call(name, "{}", "fine: \(name)") }
        #expect(mode(answered.next(("r", "{}"))) == .off)
    }

    // MARK: - What is no evidence

    @Test(arguments: [
        "Error: connect ECONNREFUSED 127.0.0.1:5432\nPermission denied",
        "Error: Permission denied: rate limit exceeded",
        "Error: database is locked: Permission denied", "Error: EACCES: resource temporarily unavailable",
        "Permission denied: timed out", "HTTP 429: access denied",
    ])
    func whatTimeMayMendIsLeftOut(result: String) {
        var conversation = ToolConversation()
        for index in 0..<10 { conversation.call("db", "{\"q\":\(index)}", result) }
        #expect(mode(conversation.next(("db", "{\"q\":99}"))) == .off)
    }

    @Test func ownRefusalsAreNoEvidence() {
        var conversation = ToolConversation()
        for index in 0..<10 {
            conversation.call("w", "{\"n\":\(index)}", "loopguard: Permission denied: history_repeat")
        }
        #expect(mode(conversation.next(("w", "{\"n\":99}"))) == .off)
    }

    @Test func successIsNoFailureWhateverItSays() {
        var conversation = ToolConversation()
        for index in 0..<10 { conversation.call("w", "{\"n\":\(index)}", "Permission denied", isError: false) }
        #expect(mode(conversation.next(("w", "{\"n\":99}"))) == .off)
        var zero = ToolConversation()
        for index in 0..<10 { zero.bash("ssh h\(index)", "Permission denied\nexit code: 0") }
        #expect(mode(zero.nextBash("ssh x")) == .off)
    }

    @Test func longTextsAreNotJudgedUnlessTheyAreErrors() {
        let long = String(repeating: "Permission denied\n", count: 200)
        var conversation = ToolConversation()
        for index in 0..<10 { conversation.call("log", "{\"n\":\(index)}", long) }
        #expect(mode(conversation.next(("log", "{\"n\":99}"))) == .off)
        var flagged = ToolConversation()
        for index in 0..<10 { flagged.call("log", "{\"n\":\(index)}", long, isError: true) }
        #expect(mode(flagged.next(("log", "{\"n\":99}"))) == .stop)
    }

    @Test func aUserMessageClearsEveryRecord() {
        var conversation = failing(6, "cargo build", missing)
        conversation.user()
        #expect(mode(conversation.nextBash("cargo build")) == .off)
        conversation.bash("cargo build", missing)
        #expect(mode(conversation.nextBash("cargo build")) == .off)
    }

    @Test func exemptToolsAreNotLookedAt() {
        var conversation = failing(6, "cargo build", missing)
        conversation.settings.permanentFailure.exempt = ["bash"]
        #expect(mode(conversation.nextBash("cargo build")) == .off)
    }

    @Test func thresholdsAndModesComeFromTheSettings() {
        var conversation = failing(1, "cargo build", missing)
        conversation.settings.permanentFailure.binaryMissing = WarnStop(warn: 0, stop: 1)
        #expect(mode(conversation.nextBash("cargo build")) == .stop)
        conversation.settings.permanentFailure.mode = .warn
        #expect(mode(conversation.nextBash("cargo build")) == .warn)
        conversation.settings.permanentFailure.mode = .off
        #expect(mode(conversation.nextBash("cargo build")) == .off)
    }

    // MARK: - Healthy work of the survey

    @Test func n26ReadingASourceFileThatSpeaksOfErrors() {
        let source = """
            import errno
            # bash: cargo: command not found
            ENOENT: int = 2
            raise TypeError("Permission denied")
            MESSAGES = {
                "Permission denied": 13,
                "No such file or directory": 2,
                "command not found": 127,
            }
            """
        var conversation = ToolConversation()
        for index in 0..<8 {
            conversation.call("read_file", "{\"path\":\"errors.py\"}", source)
            conversation.bash("cat errors.py", source)
            conversation.call("note", "{\"n\":\(index)}", "n\(index)")
        }
        #expect(mode(conversation.next(("read_file", "{\"path\":\"errors.py\"}"))) == .off)
        #expect(mode(conversation.nextBash("cat errors.py")) == .off)
        #expect(mode(conversation.nextBash("cargo build")) == .off)
        #expect(conversation.monitor.preflight().allSatisfy { $0.detector != .permanentFailure })
    }

    @Test func n27AHeaderThatIsWrittenAfterTheFailure() {
        var conversation = ToolConversation()
        for _ in 0..<3 {
            conversation.bash("make", "main.c:1:10: fatal error: foo.h: No such file or directory\nmake: *** Error 1")
        }
        conversation.call("write_file", "{\"path\":\"foo.h\",\"content\":\"#pragma once\"}", "written")
        #expect(conversation.nextBash("make").isEmpty)
    }

    @Test func n28InstallingAfterTheFailure() {
        var conversation = ToolConversation()
        conversation.bash("cargo build", missing)
        conversation.bash("cargo build", missing)
        conversation.bash(
            "curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y",
            "Rust is installed now. Great!"
        )
        #expect(conversation.nextBash("cargo build").isEmpty)
        #expect(conversation.nextBash(". \"$HOME/.cargo/env\" && cargo build").isEmpty)
    }

    @Test func n29APackageThatDoesNotExist() {
        var conversation = ToolConversation()
        for name in ["left-padd", "lefft-pad", "left-pda", "leftpad1", "leftpad2", "leftpad3"] {
            conversation.bash(
                "npm install \(name)",
                "npm ERR! code E404\nnpm ERR! 404 Not Found - GET https://r.test/\(name): not found"
            )
        }
        #expect(conversation.nextBash("npm install left-pad").mode < .stop)
        #expect(mode(conversation.nextBash("npm install left-pad")) == .off)
    }

    @Test func aTestToolThatIsNoShellIsClearedByAnEditToo() {
        var conversation = ToolConversation()
        for _ in 0..<6 { conversation.call("run_tests", "{}", "ValidationError: field required", isError: true) }
        #expect(mode(conversation.next(("run_tests", "{}"))) == .stop)
        conversation.call("edit", "{\"path\":\"a.py\",\"new\":\"x\"}", "ok")
        #expect(conversation.next(("run_tests", "{}")).isEmpty)
    }

    @Test func runningTheSameTestAfterAnEditIsNeverAPermanentFailure() {
        var conversation = ToolConversation()
        for index in 0..<12 {
            conversation.bash("./test.sh", "./test.sh: line 2: jq: command not found\nexit code: 127", isError: true)
            conversation.call("edit", "{\"path\":\"test.sh\",\"line\":\(index)}", "ok")
            #expect(conversation.nextBash("./test.sh").isEmpty)
        }
    }
}
