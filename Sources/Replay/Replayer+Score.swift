import GenerationWire
import Guard
import LoopDetection

extension Replayer {
    /// Replays labelled recordings on several cores and compares the verdicts with the labels. Each is replayed once
    /// under the rules, and once more for each detector alone.
    /// - Throws: ``ReplayError`` for labels that cannot be read.
    public func score(_ recordings: [Recording], jobs: Int) async throws(ReplayError) -> Score {
        let labels = try LabelFile.labels(of: recordings)
        let alone = DetectorID.allCases.map { (id: $0, replayer: only($0)) }
        typealias Row = (place: Int, result: ReplayResult, alone: [(DetectorID, Verdict?)])
        let rows = await withTaskGroup(of: Row.self, returning: [Int: Row].self) { group in
            var rows: [Int: Row] = [:]
            var next = 0
            func begin() {
                while next < recordings.count, labels[next] == nil { next += 1 }
                guard next < recordings.count else { return }
                let (place, recording) = (next, recordings[next])
                next += 1
                group.addTask {
                    let result = replay(recording)
                    guard result.error == nil, let content = try? recording.content() else {
                        return (place, result, [])
                    }
                    return (
                        place, result, alone.map { ($0.id, $0.replayer.replay(content, file: recording.path).verdict) }
                    )
                }
            }
            for _ in 0..<max(1, jobs) { begin() }
            while let row = await group.next() {
                rows[row.place] = row
                begin()
            }
            return rows
        }
        var score = Score()
        for (place, label) in labels.enumerated() {
            if let label, let row = rows[place] {
                score.add(label, row.result, alone: row.alone)
            } else {
                score.addUnlabelled()
            }
        }
        return score
    }

    /// The same rules with one detector only.
    func only(_ detector: DetectorID) -> Replayer {
        var replayer = Replayer { [settings] facts in
            var settings = settings(facts)
            settings.detectors = settings.detectors.only(detector)
            return settings
        }
        replayer.readSize = readSize
        replayer.followsStops = false
        return replayer
    }
}
