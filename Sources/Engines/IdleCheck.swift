/// A way to see what an engine is working on.
public struct IdleCheck: Sendable {
    /// The request; it changes nothing in the engine.
    public let request: EngineRequest
    /// What its answer says; `nil` when it says nothing, as where the path does not exist.
    public let load: @Sendable (EngineAnswer, EngineRunID?) -> EngineLoad?

    /// A way to see.
    public init(_ path: String, _ load: @escaping @Sendable (EngineAnswer, EngineRunID?) -> EngineLoad?) {
        request = EngineRequest("GET", path)
        self.load = load
    }

    /// The sum of gauges on a page of Prometheus metrics: how many runs are worked on or wait, whoever's they are.
    /// - Parameter names: The gauges; all must be there.
    public static func gauges(_ path: String = "/metrics", _ names: String...) -> IdleCheck {
        IdleCheck(path) { answer, _ in
            guard answer.isSuccess else { return nil }
            var sum = 0.0
            for name in names {
                guard let value = PrometheusPage.sum(of: name, in: answer.body) else { return nil }
                sum += value
            }
            return .total(Int(sum.rounded(.up)))
        }
    }
}

/// What an engine is working on.
public enum EngineLoad: Sendable, Equatable {
    /// Whether it works on this very run.
    case run(isBusy: Bool)
    /// How many runs it works on or has waiting, whoever's they are.
    case total(Int)

    /// Whether the run is over.
    /// - Parameters:
    ///   - certain: How many other runs are certainly being worked on for us, so that they account for as many.
    ///   - possible: How many other runs of ours may be worked on, those included.
    /// - Returns: `nil` when what is seen may be the run or may be others.
    public func isIdle(besides certain: Int, atMost possible: Int) -> Bool? {
        switch self {
        case .run(let isBusy): !isBusy
        case .total(let count) where count <= certain: true
        // More work than all others of ours: the run's, or that of somebody who uses the engine without us.
        case .total(let count) where count > possible: false
        case .total: nil
        }
    }
}
