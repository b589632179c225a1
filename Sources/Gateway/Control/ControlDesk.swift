internal import Cancellation
internal import Dispatch
internal import NIOCore
internal import NIOHTTP1
internal import RunIdentity
internal import Runs
internal import Synchronization

/// Answers the gateway's own routes. Answers may come from any thread and at any time after the question.
struct ControlDesk: Sendable {
    let gateway: GatewayContext
    let viewer: Viewer

    private var registry: RunRegistry { gateway.registry }
    private var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    /// The longest body of a request to one of our routes, in bytes.
    static let longestBody = 1_048_576

    func answer(
        _ route: ControlRoute,
        _ head: HTTPRequestHead,
        body: ByteBuffer,
        _ reply: @escaping @Sendable (Reply) -> Void
    ) {
        switch route {
        case .health: reply(Reply(json: Array(#"{"status":"ok"}"#.utf8)))
        case .metrics: reply(Reply(text: gateway.configuration.metricsText?() ?? ""))
        case .stats: reply(StatsReply.reply(gateway))
        case .listRequests: aside(reply) { RunJSON.list(registry.all(as: viewer, at: now), in: registry) }
        case .listRuns:
            aside(reply) { RunQuery(URLText.query(of: head.uri)).reply(from: registry, as: viewer, at: now) }
        case .run(let id):
            withRun(id, reply) { run in
                reply(
                    Reply(json: JSONWriter.object { RunJSON.describe(run, in: registry, into: &$0, children: true) })
                )
            }
        case .text(let id):
            let limit = URLText.query(of: head.uri)["limit"].flatMap { Int($0) } ?? ExchangeDriver.shownText
            withRun(id, reply) { run in
                run.text { text in
                    reply(
                        Reply(
                            json: JSONWriter.object { json in
                                json.member("id", run.id)
                                RunJSON.describe(text, limit: max(0, limit), into: &json)
                            }
                        )
                    )
                }
            }
        case .stop(let door, let id): stop(door, id, head, body, reply)
        case .stopMany: stopMany(head, body, reply)
        case .label(let id): label(id, body, reply)
        case .wrongMethod(let allowed):
            var refusal = Reply.error(
                .methodNotAllowed,
                "Use \(allowed) here.",
                type: "invalid_request_error",
                code: "method_not_allowed"
            )
            refusal.headers.append(("Allow", allowed))
            reply(refusal)
        case .dashboard: reply(.dashboard(HopByHop.path(of: head.uri), for: head))
        case .readiness, .events: reply(.notFound("There is nothing here."))
        }
    }

    /// Works out an answer away from the event loops, which have data to pass.
    private func aside(_ reply: @escaping @Sendable (Reply) -> Void, _ work: @escaping @Sendable () -> Reply) {
        Task.detached { reply(work()) }
    }

    private func withRun(_ id: String, _ reply: (Reply) -> Void, _ use: (Run) -> Void) {
        guard let run = registry.find(id, as: viewer, at: now) else {
            return reply(.notFound("There is no run '\(id.prefix(128))', or none any more."))
        }
        use(run)
    }

    // MARK: Marking

    private func label(_ id: String, _ body: ByteBuffer, _ reply: @escaping @Sendable (Reply) -> Void) {
        let label: RunLabel
        do throws(LabelWish.Invalid) {
            label = try LabelWish.label(in: body.readableBytesUInt8Span)
        } catch {
            return reply(.badRequest(error.message))
        }
        withRun(id, reply) { run in
            guard let mark = gateway.configuration.mark else { return reply(.notRecording) }
            gateway.marking.async {
                guard run.isRecorded else { return reply(.notRecorded(run)) }
                do {
                    try mark(run.id, label)
                } catch {
                    return reply(.notMarked(error))
                }
                run.label = label
                reply(Reply(json: JSONWriter.object { RunJSON.describe(label, into: &$0) }))
            }
        }
    }

    // MARK: Stopping

    private func stop(
        _ door: StopDoor,
        _ id: String,
        _ head: HTTPRequestHead,
        _ body: ByteBuffer,
        _ reply: @escaping @Sendable (Reply) -> Void
    ) {
        let id = door == .stream ? URLText.query(of: head.uri)["stream_id"] ?? "" : id
        if let refusal = StopReply.refusal(of: id) { return reply(refusal) }
        let wish: StopWish
        do throws(StopWish.Invalid) {
            wish = try StopWish(head, body: body.readableBytesUInt8Span, at: door)
        } catch {
            return reply(.badRequest(error.message))
        }
        guard let run = registry.find(id, as: viewer, at: now) else { return reply(StopReply.unknown(id, at: door)) }
        registry.stop(run, wish.request, at: now) { answer in
            reply(StopReply.answer(answer, at: door, asked: id, wish: wish.request, of: run))
        }
    }

    private func stopMany(_ head: HTTPRequestHead, _ body: ByteBuffer, _ reply: @escaping @Sendable (Reply) -> Void) {
        let wish: StopWish
        do throws(StopWish.Invalid) {
            wish = try StopWish(head, body: body.readableBytesUInt8Span, at: nil)
        } catch {
            return reply(.badRequest(error.message))
        }
        let live = registry.live(as: viewer)
        var runs: [Run?]
        if wish.all {
            guard viewer == .operator else { return reply(.forbidden("Only the operator may stop every run.")) }
            runs = live
        } else if let session = wish.session {
            if let refusal = StopReply.refusal(of: session) { return reply(refusal) }
            runs = live.filter { $0.identity.session == session }
        } else {
            if wish.ids.isEmpty {
                return reply(.badRequest("Name what is to be stopped: 'ids', a list, or 'session', or 'all': true."))
            }
            for id in wish.ids { if let refusal = StopReply.refusal(of: id) { return reply(refusal) } }
            runs = wish.ids.map { registry.find($0, as: viewer, at: now) }
        }
        Task.detached { [wish, runs] in
            var answers: [(id: String, answer: StopAnswer?)] = []
            for (index, run) in runs.enumerated() {
                let id = run?.id ?? wish.ids[index]
                guard let run else {
                    answers.append((id, nil))
                    continue
                }
                let answer = await withCheckedContinuation { done in
                    registry.stop(run, wish.request, at: now) { done.resume(returning: $0) }
                }
                answers.append((id, answer))
            }
            reply(Self.list(answers, wish.request))
        }
    }

    private static func list(_ answers: [(id: String, answer: StopAnswer?)], _ wish: StopRequest) -> Reply {
        Reply(
            json: JSONWriter.object { json in
                json.member("object", "list")
                json.key("data")
                json.array { data in
                    for (id, answer) in answers {
                        data.object { json in
                            if let answer { return StopReply.describe(answer, wish, into: &json) }
                            json.member("run_id", id)
                            json.member("cancelled", false)
                            json.member("status", "unknown")
                            json.member("reason", "unknown")
                        }
                    }
                }
            }
        )
    }
}
