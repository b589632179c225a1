import JSONBytes

/// One measured quantity of everything that was measured beside it.
struct Figure {
    /// The mode of the benchmark, such as `paced`.
    let mode: String
    let quantity: String
    let unit: String
    /// Whether it makes sense to divide one subject's value by another's.
    var isComparable = true
    private(set) var samples: [(subject: String, samples: Samples)] = []

    init(_ mode: String, _ quantity: String, _ unit: String, isComparable: Bool = true) {
        self.mode = mode
        self.quantity = quantity
        self.unit = unit
        self.isComparable = isComparable
    }

    /// Adds one sample of a subject.
    mutating func add(_ value: Double, of subject: String) {
        if let index = samples.firstIndex(where: { $0.subject == subject }) {
            samples[index].samples = Samples(samples[index].samples.values + [value])
        } else {
            samples.append((subject, Samples([value])))
        }
    }

    /// Says that a subject never got there.
    mutating func addNothing(of subject: String) {
        if self[subject] == nil { samples.append((subject, Samples([]))) }
    }

    subscript(subject: String) -> Samples? { samples.first { $0.subject == subject }?.samples }

    /// What every subject adds to a baseline, round by round.
    func added(to baseline: String, as quantity: String) -> Figure {
        var figure = Figure(mode, quantity, unit)
        guard let base = self[baseline] else { return figure }
        for (subject, values) in samples where subject != baseline {
            for value in values.compared(with: base, -).values { figure.add(value, of: subject) }
        }
        return figure
    }

    /// How many times a subject's value is another's, the median over the rounds; `nil` when it makes no sense, as for
    /// differences that are lost in the noise.
    func ratio(_ subject: String, to other: String) -> Double? {
        guard isComparable, let own = self[subject], let base = self[other], !own.isEmpty, !base.isEmpty,
            base.lowest > 0, own.lowest >= 0
        else { return nil }
        return own.compared(with: base, /).median
    }
}

/// All figures of one run, ready to be printed.
struct Report {
    let heading: String
    let subjects: [String]
    var figures: [Figure] = []

    var markdown: String {
        let pairs = subjects.indices.flatMap { later in (0..<later).map { (subjects[later], subjects[$0]) } }
        var table = Table(["Mode", "Quantity", "Unit"] + subjects + pairs.map { "\($0.0) ÷ \($0.1)" })
        for figure in figures {
            let values = subjects.map { figure[$0]?.text ?? "" }
            let ratios = pairs.map { figure.ratio($0.0, to: $0.1)?.shortText ?? "" }
            table.add([figure.mode, figure.quantity, figure.unit] + values + ratios)
        }
        return "\(heading)\nMedian (lowest–highest); ratios are medians over the rounds.\n\n\(table.markdown)"
    }

    var json: String {
        let rows = figures.flatMap { figure in
            figure.samples.map { subject, samples in
                let median = samples.isEmpty ? "null" : "\(samples.median)"
                return #"{"mode":\#(quoted(figure.mode)),"quantity":\#(quoted(figure.quantity)),"#
                    + #""unit":\#(quoted(figure.unit)),"subject":\#(quoted(subject)),"median":\#(median),"#
                    + #""samples":\#(samples.values)}"#
            }
        }
        return #"{"heading":\#(quoted(heading)),"figures":["# + rows.joined(separator: ",\n") + "]}"
    }

    private func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONString.encode(text, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
