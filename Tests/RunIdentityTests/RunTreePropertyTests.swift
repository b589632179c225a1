import RunIdentity
import Testing

/// What holds of trees whatever clients say.
@Suite struct RunTreePropertyTests {
    /// Random admissions, ends and stops with ids out of a small pool, so that they meet.
    private struct Play {
        var random: SplitMix
        var tree: RunTree
        var live: [(run: String, key: NodeKey)] = []
        var known: [NodeKey] = []
        var now: UInt64 = 0
        var runs = 0

        init(seed: UInt64, capacity: Int = 64) {
            random = SplitMix(state: seed)
            tree = RunTree(capacity: capacity)
        }

        mutating func request() -> RunIdentity {
            func id(_ count: Int) -> String? {
                let number = Int.random(in: 0...count, using: &random)
                return number == 0 ? nil : "\(number)"
            }
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                return run(id(8), parent: id(8), root: id(4))
            case 1:
                let parent = id(8).map { ($0, id(8)) }
                return codex(session: id(2) ?? "s", thread: id(8) ?? "t", turn: id(8), parent: parent, root: id(4))
            case 2:
                return claudeCode(
                    session: id(2) ?? "s",
                    agent: id(8),
                    parent: id(8),
                    afterTool: Bool.random(using: &random)
                )
            default:
                var headers = [(name: "x-session-id", value: id(8) ?? "s")]
                if let parent = id(8) { headers.append(("x-parent-session-id", parent)) }
                return identity(headers)
            }
        }

        mutating func step() {
            now += UInt64.random(in: 0...2_000, using: &random)
            if !live.isEmpty, Int.random(in: 0..<3, using: &random) == 0 {
                let ended = live.remove(at: Int.random(in: live.indices, using: &random))
                tree.end(ended.run, at: ended.key)
            } else {
                runs += 1
                let admission = tree.admit("run_\(runs)", request(), at: ms(now))
                if !known.contains(admission.key) { known.append(admission.key) }
                if admission.refusal == nil { live.append(("run_\(runs)", admission.key)) }
            }
        }
    }

    @Test(arguments: UInt64(1)...40)
    func nobodyIsAboveOrBelowItself(_ seed: UInt64) {
        var play = Play(seed: seed)
        for _ in 0..<200 { play.step() }
        for key in play.known {
            let ancestors = play.tree.ancestors(of: key)
            let descendants = play.tree.descendants(of: key).flatMap(\.self)
            #expect(!ancestors.contains(key))
            #expect(!descendants.contains(key))
            #expect(ancestors.count <= RunTree.maxDepth)
            #expect(Set(ancestors).count == ancestors.count)
            #expect(Set(descendants).count == descendants.count)
        }
    }

    @Test(arguments: UInt64(1)...40)
    func whoeverIsBelowHasTheOtherAbove(_ seed: UInt64) {
        var play = Play(seed: seed)
        for _ in 0..<200 { play.step() }
        for key in play.known {
            for below in play.tree.descendants(of: key).flatMap(\.self) {
                #expect(play.tree.ancestors(of: below).contains(play.tree.resolve(key)))
            }
            for above in play.tree.ancestors(of: key) {
                #expect(play.tree.descendants(of: above).joined().contains(play.tree.resolve(key)))
            }
        }
    }

    @Test(arguments: UInt64(1)...20)
    func aLiveRunIsReachedFromEverythingAboveIt(_ seed: UInt64) {
        // A memory so small that everything without live runs is forgotten at once.
        var play = Play(seed: seed, capacity: 1)
        for _ in 0..<150 {
            play.step()
            for (run, key) in play.live {
                #expect(play.tree.liveRuns(from: key).first?.contains(run) == true)
                for above in play.tree.ancestors(of: key) {
                    #expect(play.tree.liveRuns(from: above).joined().contains(run))
                }
            }
            #expect(play.tree.count <= play.live.count + 3)
        }
    }

    @Test(arguments: UInt64(1)...40)
    func whatIsBelowAStopIsEndedAndStaysRefused(_ seed: UInt64) throws {
        var play = Play(seed: seed, capacity: 4_096)
        for _ in 0..<60 { play.step() }
        let stopped = try #require(play.live.first)
        let below = Set(play.tree.descendants(of: stopped.key).joined()).union([stopped.key])
        let others = play.live.filter { !below.contains($0.key) }.map(\.run)
        let stop = play.tree.stop(stopped.run, at: stopped.key, now: ms(play.now))
        let cut = Array(stop.generations.joined())
        #expect(cut.first == stopped.run)
        #expect(Set(cut) == Set(play.live.filter { below.contains($0.key) }.map(\.run)))
        #expect(Set(cut).isDisjoint(with: others))
        // A new child of the stopped run is refused, by whatever client it comes from.
        let child = play.tree.admit("child", run(nil, parent: stopped.run), at: ms(play.now + 1))
        #expect(child.refusal?.run != nil)
        #expect(play.tree.admit("grandchild", run(nil, parent: "child"), at: ms(play.now + 2)).refusal != nil)
    }

    @Test func aTreeOfEndedRunsDoesNotGrow() {
        var tree = RunTree(capacity: 100)
        for number in 0..<5_000 {
            let id = "run_\(number)"
            let parent = number % 3 == 0 ? nil : "run_\(number - 1)"
            tree.end(id, at: tree.admit(id, run(id, parent: parent), at: ms(0)).key)
            tree.end("x\(number)", at: tree.admit("x\(number)", claudeCode(agent: "a"), at: ms(0)).key)
        }
        #expect(tree.count <= 101)
    }

    @Test func aChildOfSomethingForgottenComesUnderWhatWasAboveIt() {
        var tree = RunTree(capacity: 2)
        let root = tree.admit("P", run("P"), at: ms(0))
        let middle = tree.admit("M", run("M", parent: "P"), at: ms(0))
        let child = tree.admit("C", run("C", parent: "M"), at: ms(0))
        tree.end("M", at: middle.key)
        for id in ["x", "y", "z"] { tree.end(id, at: tree.admit(id, run(id), at: ms(0)).key) }
        #expect(tree.ancestors(of: child.key) == [root.key])
        #expect(tree.stop("P", at: root.key, now: ms(1)).generations == [["P"], ["C"]])
    }
}

/// A generator of numbers that a seed decides (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
