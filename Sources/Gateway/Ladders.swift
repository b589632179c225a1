internal import Synchronization

/// The ladders that are being climbed.
final class Ladders: Sendable {
    private let tasks = Mutex<(next: Int, running: [Int: Task<Void, Never>])>((0, [:]))

    func start(_ ladder: CancelLadder) {
        tasks.withLock { tasks in
            let number = tasks.next
            tasks.next += 1
            tasks.running[number] = Task { [self] in
                await ladder.climb()
                self.tasks.withLock { $0.running[number] = nil }
            }
        }
    }

    /// Waits until every engine that was to be told has been told; nobody waits for its end.
    func finish() async {
        let running = tasks.withLock { $0.running.values }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }
}
