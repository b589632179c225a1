/// What is never written: headers that hold secrets, and text that looks like an API key.
enum Secrets {
    /// Headers without those that hold secrets; what looks like a key in the others is masked.
    static func strip(_ headers: [Header]) -> [Header] {
        headers.filter { !isSecret($0.name) }.map { header in
            var value = Array(header.value.utf8)
            for range in KeyPattern.ranges(in: value) { mask(&value, range) }
            return Header(header.name, String(decoding: value, as: UTF8.self))
        }
    }

    private static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return marks.contains { name.contains($0) }
    }

    /// `Authorization`, `Proxy-Authorization`, `X-Api-Key`, `Api-Key`, `X-Goog-Api-Key`, `Cookie`, `Set-Cookie` and
    /// whatever else calls itself a token, a secret or a password.
    private static let marks = [
        "authorization", "authentication", "api-key", "apikey", "api_key", "cookie", "token", "secret", "password",
        "credential", "loopguard-key",
    ]

    static func mask(_ bytes: inout [UInt8], _ range: Range<Int>) {
        for index in range { bytes[index] = UInt8(ascii: "*") }
    }
}

/// How API keys look.
enum KeyPattern {
    /// What keys begin with; the beginning stays, so that one sees what was there.
    private static let beginnings: [[UInt8]] = [
        "sk-", "sk_live_", "sk_test_", "rk_live_", "pk_live_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
        "glpat-", "hf_", "gsk_", "xoxb-", "xoxp-", "xoxa-", "AKIA", "ASIA", "AIza", "npm_", "nvapi-", "pplx-", "eyJ",
        "bearer ",
    ].map { Array($0.utf8) }

    /// Which bytes a key may begin with, by their value.
    private static let firsts: [Bool] = {
        var firsts = [Bool](repeating: false, count: 256)
        for beginning in beginnings { firsts[Int(beginning[0])] = true }
        firsts[Int(UInt8(ascii: "B"))] = true
        return firsts
    }()

    /// The least bytes after the beginning that make a key; one of them must be a digit.
    static let shortest = 16

    /// The parts to be masked, in order.
    static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        bytes.withUnsafeBufferPointer { bytes in
            var index = 0
            while index < bytes.count {
                if firsts[Int(bytes[index])], let range = key(in: bytes, at: index) {
                    ranges.append(range)
                    index = range.upperBound
                } else {
                    index += 1
                }
            }
        }
        return ranges
    }

    private static func key(in bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Range<Int>? {
        guard begins(bytes, at: start) else { return nil }
        for beginning in beginnings where matches(beginning, bytes, start) {
            var end = start + beginning.count
            var hasDigit = false
            while end < bytes.count, isKeyByte(bytes[end]) {
                hasDigit = hasDigit || (0x30...0x39).contains(bytes[end])
                end += 1
            }
            if end - start - beginning.count >= shortest, hasDigit { return start + beginning.count..<end }
        }
        return nil
    }

    /// Whether a word may begin here. The letter of a JSON escape such as `\n` is no part of the word before.
    private static func begins(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        guard start > 0, isWordByte(bytes[start - 1]) else { return true }
        return start > 1 && bytes[start - 2] == UInt8(ascii: "\\")
    }

    private static func matches(_ beginning: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        guard start + beginning.count <= bytes.count else { return false }
        // HTTP's "Bearer" is written in either case; the beginnings of keys are not.
        let fold: UInt8 = beginning[0] == UInt8(ascii: "b") ? 0x20 : 0
        for offset in beginning.indices where bytes[start + offset] | fold != beginning[offset] { return false }
        return true
    }

    /// The bytes that keys are made of: those of base64 in both alphabets, and the dots of web tokens.
    static func isKeyByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
