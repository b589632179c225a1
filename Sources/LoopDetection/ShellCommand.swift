/// What a command line would run, as far as can be told without running it.
///
/// No shell grammar: words, quotes, the operators between commands, and the words that stand before a program without
/// being one. What it does not understand it takes for arguments, so that a program may be missed and is never invented
/// from quoted text.
struct ShellCommand: Sendable {
    /// The programs in the order they are named, as they are written.
    private(set) var programs: [String] = []
    /// The words that are no programs and no options: files, mostly.
    private(set) var operands: [String] = []
    /// The programs that install something: `apt install`, `curl … | sh`.
    private(set) var installers: [String] = []
    /// Whether the command sets `PATH` or reads a file that may.
    private(set) var changesPath = false
    /// Whether the command changes rights, or takes on those of another user.
    private(set) var changesRights = false

    /// Whether it does nothing but wait.
    var isWait: Bool { programs.allSatisfy { $0 == "sleep" || $0 == "wait" } && operands.allSatisfy(Self.isNumber) }

    /// Longer commands are read so far; scripts this long name their programs early.
    private static let longest = 16_384

    init(_ text: [UInt8]) {
        for words in Self.split(text.prefix(Self.longest)) { read(words) }
        readPipes()
    }

    // MARK: - Words to programs

    private static let keywords: Set<String> = ["if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"]
    private static let wrappers: Set<String> = ["sudo", "doas", "env", "nohup", "nice", "timeout", "exec", "stdbuf"]
    private static let silent: Set<String> = ["cd", "export", "set", "unset", "fi", "done", "esac", "}", "true", ":"]
    private static let packageVerbs: Set<String> = ["install", "add", "get", "i", "-S", "-Sy", "-Syu", "ci", "sync"]
    private static let packageManagers: Set<String> = [
        "apt", "apt-get", "brew", "pip", "pip3", "pipx", "npm", "pnpm", "yarn", "bun", "cargo", "go", "gem", "uv",
        "conda",
        "mamba", "apk", "dnf", "yum", "pacman", "zypper", "snap", "port", "choco", "winget", "scoop", "rustup", "nix",
        "nix-env", "asdf", "mise", "poetry", "corepack", "sdk", "nvm",
    ]
    private static let rights: Set<String> = ["chmod", "chown", "chgrp", "setfacl", "usermod", "ssh-add", "login"]

    private mutating func read(_ words: [String]) {
        var rest = words[...]
        while let word = rest.first {
            if Self.isAssignment(word) {
                if word.hasPrefix("PATH=") { changesPath = true }
                rest.removeFirst()
            } else if Self.keywords.contains(word) {
                rest.removeFirst()
            } else if Self.wrappers.contains(word) {
                if word == "sudo" || word == "doas" { changesRights = true }
                rest.removeFirst()
                while let option = rest.first, option.hasPrefix("-") || Self.isNumber(option) { rest.removeFirst() }
            } else {
                break
            }
        }
        guard let program = rest.popFirst() else { return }
        if program == "export", rest.contains(where: { $0.hasPrefix("PATH=") }) { changesPath = true }
        if program == "source" || program == "." || program == "ln" { changesPath = true }
        if Self.rights.contains(program) { changesRights = true }
        if rest.contains("install")
            || Self.packageManagers.contains(program) && rest.contains(where: Self.packageVerbs.contains)
        {
            installers.append(program)
        }
        if !Self.silent.contains(program) { programs.append(program) }
        operands += rest.filter { !$0.hasPrefix("-") }
    }

    /// `curl … | sh` installs, and so does `rustup-init`, which it mostly fetches.
    private mutating func readPipes() {
        if let fetcher = programs.first(where: { $0 == "curl" || $0 == "wget" }),
            programs.contains(where: { $0 == "sh" || $0 == "bash" || $0 == "python3" })
        {
            installers.append(fetcher)
        }
    }

    private static func isNumber(_ word: String) -> Bool {
        word.utf8.first.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")), equals > word.startIndex else { return false }
        return word.utf8[..<equals].allSatisfy { byte in
            byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "_")
        }
    }

    // MARK: - Text to words

    /// The words of each simple command.
    private static func split(_ text: ArraySlice<UInt8>) -> [[String]] {
        var commands: [[String]] = []
        var words: [String] = []
        var word: [UInt8] = []
        var isInWord = false
        var skipsWord = false
        var quote: UInt8 = 0

        func endWord() {
            guard isInWord else { return }
            if !skipsWord { words.append(String(decoding: word, as: UTF8.self)) }
            skipsWord = false
            isInWord = false
            word.removeAll(keepingCapacity: true)
        }
        func endCommand() {
            endWord()
            skipsWord = false
            if !words.isEmpty { commands.append(words) }
            words.removeAll()
        }

        var index = text.startIndex
        scan: while index < text.endIndex {
            let byte = text[index]
            index += 1
            let next = index < text.endIndex ? text[index] : 0
            if quote != 0 {
                if byte == quote {
                    quote = 0
                } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), index < text.endIndex {
                    word.append(next)
                    index += 1
                } else {
                    word.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                quote = byte
                isInWord = true
            case UInt8(ascii: "\\"):
                if next != 0x0A, index < text.endIndex {
                    word.append(next)
                    isInWord = true
                }
                index += 1
            case 0x20, 0x09, 0x0D:
                endWord()
            case UInt8(ascii: "#") where !isInWord:
                while index < text.endIndex, text[index] != 0x0A { index += 1 }
            case UInt8(ascii: "<") where next == UInt8(ascii: "<"):
                break scan  // A document follows; its lines are no commands.
            case UInt8(ascii: ">"), UInt8(ascii: "<"):
                if word.allSatisfy(\.isASCIIDigit) { word.removeAll() } else { endWord() }
                isInWord = false
                if next == UInt8(ascii: "&") || next == UInt8(ascii: ">") { index += 1 }
                skipsWord = true
            case UInt8(ascii: "&") where next == UInt8(ascii: ">"):
                continue
            case UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"),
                UInt8(ascii: "`"), 0x0A:
                endCommand()
            case UInt8(ascii: "$") where next == UInt8(ascii: "("):
                continue
            default:
                word.append(byte)
                isInWord = true
            }
        }
        endCommand()
        return commands
    }
}
