import LoopDetection
import Yams

/// The values of leaves.
extension RuleReader {
    /// The value of a leaf; `nil`, and reported, when it is not of that kind.
    mutating func value(_ kind: Leaf.Kind, _ node: Node, path: String) -> RuleValue? {
        switch kind {
        case .boolean:
            switch node.plain {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return fault(node, path, "must be true or false")
            }
        case .choice(let words):
            guard let word = node.scalar?.string, words.contains(word) else {
                let hint = Self.hint(node.scalar?.string ?? "", words)
                return fault(node, path, "must be \(words.choice)", hint: hint)
            }
            return .word(word)
        case .integer(let range):
            return integer(node, range, path: path).map { .integer($0) }
        case .number(let range):
            guard let number = node.plain.flatMap(Double.init), number.isFinite else {
                return fault(node, path, "must be a number")
            }
            guard range.contains(number) else {
                return fault(node, path, "must be from \(range.lowerBound) to \(range.upperBound)")
            }
            return .number(number)
        case .textOrFalse:
            if node.plain == "false" { return .text(nil) }
            guard let text = node.scalar?.string, !text.isEmpty, !["true", "~", "null"].contains(node.plain) else {
                return fault(node, path, "must be text, or false for none")
            }
            return .text(text)
        case .bands:
            return bands(node, path: path).map { .bands($0) }
        case .names:
            return names(node, path: path).map { .names($0) }
        case .namesByName:
            var lists: [String: Set<String>] = [:]
            for entry in entries(node, path: path) {
                lists[entry.name] = names(entry.value, path: path.joined(entry.name))
            }
            return .namesByName(lists)
        }
    }

    private mutating func integer(_ node: Node, _ range: ClosedRange<Int>, path: String) -> Int? {
        guard let number = node.plain.flatMap({ Int($0) }) else {
            if node.plain?.contains("_") == true {
                return fault(node, path, "must be a whole number, written without '_'")
            }
            return fault(node, path, "must be a whole number")
        }
        guard range.contains(number) else {
            return fault(node, path, "must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private mutating func names(_ node: Node, path: String) -> Set<String>? {
        list(node, path: path).map { nodes in
            Set(nodes.enumerated().compactMap { text($1, path: "\(path)[\($0)]") })
        }
    }

    /// Bands of rising periods. The bytes they ask for must not fall as the period rises: then a longer unit would be
    /// convicted on less evidence than a shorter one, which is itself repeated in it.
    private mutating func bands(_ node: Node, path: String) -> [PeriodBand]? {
        guard let nodes = list(node, path: path) else { return nil }
        guard !nodes.isEmpty else { return fault(node, path, "must have a band") }
        var bands: [PeriodBand] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(path)[\(index)]"
            guard let band = band(node, path: path) else { continue }
            defer { bands.append(band) }
            guard let last = bands.last else { continue }
            guard band.upTo > last.upTo else {
                report(node.mark, "'\(path).up_to' is \(band.upTo); it must rise, and the band before has \(last.upTo)")
                continue
            }
            let (before, after) = (last.longestNeed, band.need(at: last.upTo + 1))
            if after < before {
                report(
                    node.mark,
                    "'\(path)' asks for \(after) bytes at a period of \(last.upTo + 1), and the band before for "
                        + "\(before) at \(last.upTo); it must not fall"
                )
            }
        }
        return bands
    }

    private mutating func band(_ node: Node, path: String) -> PeriodBand? {
        var band = PeriodBand(upTo: 0, span: 0, repeats: 0)
        var missing = RuleFormat.band.map(\.name)
        let before = errors.count
        for entry in entries(node, path: path) {
            guard let key = RuleFormat.band.first(where: { $0.name == entry.name }) else {
                unknown(entry, RuleFormat.band.map(\.name), path: path)
                continue
            }
            missing.removeAll { $0 == key.name }
            if let number = integer(entry.value, key.range, path: path.joined(key.name)) {
                band[keyPath: key.member] = number
            }
        }
        if node.mapping != nil, !missing.isEmpty {
            report(node.mark, "'\(path)' has no \(missing.map { "'\($0)'" }.choice)")
        }
        return errors.count == before ? band : nil
    }

    /// Reports a value that is not what it must be.
    private mutating func fault<Value>(_ node: Node, _ path: String, _ demand: String, hint: String = "") -> Value? {
        report(node.mark, "'\(path)' \(demand), not \(node.shown)\(hint)")
        return nil
    }
}

extension Node {
    /// The text of a scalar without quotes. Only such a one may be a number or a truth value.
    fileprivate var plain: String? { scalar.flatMap { $0.style == .plain ? $0.string : nil } }
}
