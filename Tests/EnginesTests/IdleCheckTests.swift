import Testing

@testable import Engines

struct IdleCheckTests {
    private let id = EngineRunID("c-1")!

    private func load(_ engine: EngineAdapter, _ body: String, check: Int = 0, status: Int = 200) -> EngineLoad? {
        engine.idleness[check].load(EngineAnswer(status, body), id)
    }

    @Test func llamaCppCountsItsSlots() {
        let busy = #"[{"id":0,"is_processing":true,"next_token":[{"n_decoded":3}]},{"id":1,"is_processing":false}]"#
        #expect(load(.llamaCpp, busy) == .total(1))
        #expect(load(.llamaCpp, #"[{"id":0,"is_processing":false}]"#) == .total(0))
        // Switched off, or another server's answer: the next check is asked.
        #expect(load(.llamaCpp, #"{"error":{"code":501}}"#, status: 501) == nil)
        #expect(load(.llamaCpp, #"{"error":"Unexpected endpoint"}"#) == nil)
        #expect(load(.llamaCpp, "[]") == nil)
        let page =
            "# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing 1\nllamacpp:requests_deferred 2\n"
        #expect(load(.llamaCpp, page, check: 1) == .total(3))
    }

    @Test func gaugesAreSummedOverTheirLabelsAndAllMustBeThere() {
        let running = #"vllm:num_requests_running{engine="0",model_name="a}b \"c\""} 2.0"#
        let more = #"vllm:num_requests_running{engine="1"} 1.0"#
        let waiting = #"vllm:num_requests_waiting{engine="0"} 0.0"#
        #expect(load(.vLLM, [running, more, waiting].joined(separator: "\n")) == .total(3))
        #expect(load(.vLLM, running) == nil)
        // A longer name is another metric.
        #expect(load(.vLLM, "vllm:num_requests_running_total 9\nvllm:num_requests_waiting 1") == nil)
        #expect(load(.vLLM, "vllm:num_requests_running NaN\nvllm:num_requests_waiting 0") == nil)
        #expect(load(.vLLM, "", status: 404) == nil)
        #expect(load(.sgLang, "sglang:num_running_reqs 0.0\r\nsglang:num_queue_reqs{a=\"b\"} 0.0\r\n") == .total(0))
        #expect(load(.tgi, "tgi_batch_current_size 1\ntgi_queue_size 0") == .total(1))
        #expect(load(.lmDeploy, "lmdeploy:num_requests_running 0\nlmdeploy:num_requests_waiting 4") == .total(4))
    }

    @Test func koboldCppIsIdleWhenItSaysSoAndNobodyWaits() {
        #expect(load(.koboldCpp, #"{"last_process":0.1,"idle":1,"queue":0}"#) == .total(0))
        #expect(load(.koboldCpp, #"{"idle":0,"queue":2}"#) == .total(3))
        #expect(load(.koboldCpp, #"{"result":"KoboldCpp"}"#) == nil)
    }

    @Test func tensorRTsNewestIterationCounts() {
        let body = #"[{"iter":1,"numActiveRequests":2},{"iter":2,"numActiveRequests":0,"numQueuedRequests":1}]"#
        #expect(load(.tensorRTLLM, body) == .total(1))
        #expect(load(.tensorRTLLM, "[]") == nil)
    }

    @Test func exoTellsOfTheVeryRun() {
        func tasks(_ command: String, _ status: String) -> String {
            #"{"instances":{},"tasks":{"t1":{"TextGeneration":{"taskId":"t1","commandId":"\#(command)","#
                + #""taskStatus":"\#(status)","taskParams":{"model":"m","input":[{"role":"user"}]}}}}}"#
        }
        #expect(load(.exo, tasks("c-1", "Running")) == .run(isBusy: true))
        #expect(load(.exo, tasks("c-1", "Cancelled")) == .run(isBusy: false))
        #expect(load(.exo, tasks("c-2", "Running")) == .run(isBusy: false))
        #expect(load(.exo, #"{"tasks":{}}"#) == .run(isBusy: false))
        #expect(load(.exo, #"{"instances":{}}"#) == nil)
        #expect(EngineAdapter.exo.idleness[0].load(EngineAnswer(200, tasks("c", "Pending")), nil) == .total(1))
    }

    @Test func theEmbeddedEnginesChoicesAreOneRun() {
        let body =
            #"{"active":[{"id":"a","choice":0},{"id":"a","choice":1},{"id":"b","choice":0}],"recent":[{"id":"c"}]}"#
        #expect(load(.embedded, body) == .total(2))
        #expect(load(.embedded, #"{"active":[],"recent":[]}"#) == .total(0))
    }

    @Test func whatOurOtherRunsAccountForIsNotTheRun() {
        #expect(EngineLoad.total(0).isIdle(besides: 0, atMost: 0) == true)
        #expect(EngineLoad.total(1).isIdle(besides: 0, atMost: 0) == false)
        #expect(EngineLoad.total(2).isIdle(besides: 2, atMost: 2) == true)
        #expect(EngineLoad.total(3).isIdle(besides: 2, atMost: 2) == false)
        // It may be the run, or another of ours whose prompt is being read.
        #expect(EngineLoad.total(1).isIdle(besides: 0, atMost: 1) == nil)
        #expect(EngineLoad.total(3).isIdle(besides: 2, atMost: 4) == nil)
        #expect(EngineLoad.run(isBusy: true).isIdle(besides: 5, atMost: 5) == false)
        #expect(EngineLoad.run(isBusy: false).isIdle(besides: 0, atMost: 0) == true)
    }

    @Test func askingChangesNothing() {
        for engine in EngineAdapter.all {
            #expect(engine.idleness.allSatisfy { $0.request.method == "GET" && $0.request.body == nil })
        }
    }
}
