import CancelBoard
import Cancellation
import GenerationWire
import NIOHTTP1
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct BoardTests {
    @Test func aCancelRaisesTheRunsFlagAndTheEnginesWordIsShown() async throws {
        let (board, engine) = try BoardOwner.inProcess(slots: 8)
        try await Rig.run {
            $0.board = board
        } _: { rig in
            let (client, call) = try await rig.generation()
            let handle = try Flags.handle(of: call)
            #expect(engine.admit(handle) == .admitted)
            try await call.beginStream()
            try await call.chunk(Rig.event("Hello"))
            let head = try await client.received { $0.contains("Hello") }
            let id = try #require(head.firstMatch(of: /run_[0-9a-f]+/)).output
            #expect(engine.state(of: handle) == .running)
            #expect(try await rig.ask("DELETE", "/v1/requests/\(id)").status == 200)
            #expect(engine.state(of: handle) == .cancelled(.userStop))
            #expect(try await client.answer(to: "POST").body.contains(#""finish_reason":"length""#))
            #expect(engine.finish(handle, .cancelled, tokens: 7, step: 9))
            let list = try await rig.runs { $0.contains(#""state":"stopped""#) }
            #expect(list.contains(#""confirmed":true,"via":"board","after_ms":"#))
            #expect(list.contains(#""outcome":"cancelled","tokens":7,"step":9}"#))
        }
        #expect(board.statistics.held == 0)
    }

    @Test func aVanishedClientRaisesTheFlag() async throws {
        let (board, engine) = try BoardOwner.inProcess(slots: 8)
        try await Rig.run {
            $0.board = board
        } _: { rig in
            let (client, call) = try await rig.generation()
            let handle = try Flags.handle(of: call)
            #expect(engine.admit(handle) == .admitted)
            try await client.leave(.reset)
            try await call.connectionClosed()
            while engine.state(of: handle) == .running { await Task.yield() }
            #expect(engine.state(of: handle) == .cancelled(.clientDisconnect))
        }
    }

    @Test func aRunThatEndsByItselfGivesItsSlotBack() async throws {
        let (board, engine) = try BoardOwner.inProcess(slots: 1)
        try await Rig.run {
            $0.board = board
        } _: { rig in
            for _ in 0..<3 {
                let (client, call) = try await rig.generation()
                let handle = try Flags.handle(of: call)
                #expect(engine.admit(handle) == .admitted)
                engine.finish(handle, .natural, tokens: 1, step: 1)
                try await call.reply()
                #expect(try await client.answer(to: "POST").status == 200)
                while board.statistics.free == 0 { await Task.yield() }
            }
        }
        #expect(board.statistics.claims == 3 && board.statistics.refusals == 0)
    }

    @Test func aFullBoardHoldsNobodyUp() async throws {
        let (board, _) = try BoardOwner.inProcess(slots: 1)
        try await Rig.run {
            $0.board = board
        } _: { rig in
            let (first, _) = try await rig.generation()
            let second = try await rig.client()
            try await second.post(Rig.chat, "{}", headers: "X-Loopguard-Cancel: 0123456789abcdef:0:1\r\n")
            let call = try await rig.upstream.nextCall()
            #expect(call.head.headers["x-loopguard-cancel"] == [])
            try await call.reply()
            #expect(try await second.answer(to: "POST").status == 200)
            try await first.leave(.fin)
        }
        #expect(board.statistics.refusals == 1)
    }

    @Test func aHandleThatAClientMadeUpIsReplaced() async throws {
        let (board, _) = try BoardOwner.inProcess(slots: 2)
        try await Rig.run {
            $0.board = board
        } _: { rig in
            let client = try await rig.client()
            let forged = "0123456789abcdef:0:1"
            try await client.post(Rig.chat, "{}", headers: "X-Loopguard-Cancel: \(forged)\r\n")
            let call = try await rig.upstream.nextCall()
            #expect(call.head.headers["x-loopguard-cancel"].count == 1)
            #expect(try Flags.handle(of: call).epoch == board.epoch)
            try await call.reply()
            #expect(try await client.answer(to: "POST").status == 200)
        }
    }

    @Test func theBodyNamesTheFlagWhereTheEngineLooksForIt() async throws {
        let flags = try Flags()
        try await Rig.run {
            $0.board = flags.board
            $0.boardField = BodyField(parsing: "vllm_xargs.loopguard_cancel")
        } _: { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, #"{"model":"m","stream":true,"vllm_xargs":{"other":1}}"#)
            let call = try await rig.upstream.nextCall()
            let handle = try Flags.handle(of: call)
            let member = #""loopguard_cancel":"\#(handle)""#
            #expect(call.text == #"{"model":"m","stream":true,"vllm_xargs":{\#(member),"other":1}}"#)
            try await call.reply()
            _ = try await client.answer(to: "POST")
        }
    }
}
