import CancelBoard
import Cancellation
import NIOHTTP1
import Testing

@testable import Gateway

/// An engine that reads its flags on a cancel board in this process.
struct Flags: Sendable {
    let board: BoardOwner
    let engine: BoardReader

    init(slots: Int = 64) throws { (board, engine) = try BoardOwner.inProcess(slots: slots) }

    /// The handle that came with a request.
    static func handle(of call: ScriptedUpstream.Call) throws -> BoardHandle {
        try BoardHandle(parsing: #require(call.head.headers.first(name: "x-loopguard-cancel")))
    }

    /// Says on behalf of the engine that it is done with a request.
    func confirm(_ call: ScriptedUpstream.Call) throws {
        let handle = try Self.handle(of: call)
        #expect(engine.admit(handle) != .orphan)
        #expect(engine.finish(handle, .cancelled, tokens: 1, step: 1))
    }

    /// Why a request's flag was raised; `nil` when it was not.
    func reason(of call: ScriptedUpstream.Call) throws -> EndReason? {
        if case .cancelled(let reason) = engine.state(of: try Self.handle(of: call)) { reason } else { nil }
    }
}
