internal import JSONBytes

/// Writes JSON, member by member.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// The bytes of one object.
    static func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(members)
        return writer.bytes
    }

    mutating func object(_ members: (inout JSONWriter) -> Void) { nest("{", "}", members) }
    mutating func array(_ elements: (inout JSONWriter) -> Void) { nest("[", "]", elements) }

    /// Begins a member; its value is to be written next.
    mutating func key(_ name: String) {
        value { JSONString.encode(name, into: &$0) }
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func string(_ text: String) { value { JSONString.encode(text, into: &$0) } }
    mutating func literal(_ text: String) { value { $0.append(contentsOf: text.utf8) } }

    mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { string(text) } else { literal("null") }
    }

    mutating func member(_ name: String, _ number: some BinaryInteger) {
        key(name)
        literal("\(number)")
    }

    mutating func member(_ name: String, _ number: Double) {
        key(name)
        literal(number.isFinite ? "\(number)" : "null")
    }

    mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        literal(flag ? "true" : "false")
    }

    private mutating func nest(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        value { $0.append(UInt8(ascii: open)) }
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    private mutating func value(_ write: (inout [UInt8]) -> Void) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        write(&bytes)
        needsComma = true
    }
}
