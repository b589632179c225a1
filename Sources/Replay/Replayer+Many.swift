extension Replayer {
    /// Replays recordings on several cores; the results come in the order of the recordings.
    public func replay(_ recordings: [Recording], jobs: Int) -> AsyncStream<ReplayResult> {
        AsyncStream { results in
            let work = Task {
                await withTaskGroup(of: (Int, ReplayResult).self) { group in
                    var waiting: [Int: ReplayResult] = [:]
                    var printed = 0
                    var begun = 0
                    func begin() {
                        guard begun < recordings.count, !Task.isCancelled else { return }
                        let (place, recording) = (begun, recordings[begun])
                        begun += 1
                        group.addTask { (place, replay(recording)) }
                    }
                    for _ in 0..<max(1, jobs) { begin() }
                    while let (place, result) = await group.next() {
                        waiting[place] = result
                        while let next = waiting.removeValue(forKey: printed) {
                            results.yield(next)
                            printed += 1
                        }
                        begin()
                    }
                }
                results.finish()
            }
            results.onTermination = { _ in work.cancel() }
        }
    }
}
