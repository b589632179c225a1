import CoreMetrics
import Exposition
import Testing

@Suite struct PageTests {
    @Test func aPageWithoutMetricsIsEmpty() {
        #expect(PrometheusMetrics().render().isEmpty)
    }

    @Test func familiesAndSeriesComeInOrderWithHelpAndType() {
        let metrics = PrometheusMetrics([
            MetricDescription("loopguard_runs_total", help: "Runs that have ended."),
            MetricDescription("loopguard_active_runs", help: "Runs under way."),
        ])
        Counter(label: "loopguard_runs_total", dimensions: [("state", "stopped")], factory: metrics).increment(by: 2)
        Counter(label: "loopguard_runs_total", dimensions: [("state", "completed")], factory: metrics).increment()
        Meter(label: "loopguard_active_runs", factory: metrics).set(3)
        #expect(
            metrics.render() == """
                # HELP loopguard_active_runs Runs under way.
                # TYPE loopguard_active_runs gauge
                loopguard_active_runs 3
                # HELP loopguard_runs_total Runs that have ended.
                # TYPE loopguard_runs_total counter
                loopguard_runs_total{state="completed"} 1
                loopguard_runs_total{state="stopped"} 2

                """
        )
    }

    @Test func labelsAreOrderedByNameAndEscaped() {
        let metrics = PrometheusMetrics([MetricDescription("seen_total", help: "A \\ and\na break.")])
        let dimensions = [("path", "C:\\x"), ("model", "say \"hi\"\nnow"), ("0 odd", "é")]
        Counter(label: "seen_total", dimensions: dimensions, factory: metrics).increment()
        #expect(
            metrics.render() == #"""
                # HELP seen_total A \\ and\na break.
                # TYPE seen_total counter
                seen_total{_0_odd="é",model="say \"hi\"\nnow",path="C:\\x"} 1

                """#
        )
    }

    @Test func theOrderOfDimensionsMakesNoSecondSeries() {
        let metrics = PrometheusMetrics()
        Counter(label: "x_total", dimensions: [("a", "1"), ("b", "2")], factory: metrics).increment()
        Counter(label: "x_total", dimensions: [("b", "2"), ("a", "1")], factory: metrics).increment()
        #expect(metrics.render().contains("x_total{a=\"1\",b=\"2\"} 2\n"))
    }

    @Test func aNameThatTheFormatForbidsIsMended() {
        let metrics = PrometheusMetrics()
        Counter(label: "nio.connections-open", factory: metrics).increment()
        #expect(metrics.render().contains("\nnio_connections_open 1\n"))
    }

    @Test func aNameUsedAsTwoKindsKeepsItsFirstAndThePageSaysSo() {
        let metrics = PrometheusMetrics()
        Counter(label: "x", factory: metrics).increment()
        Meter(label: "x", factory: metrics).set(9)
        #expect(
            metrics.render() == """
                # x: a second use, as a gauge, is not shown.
                # HELP x Not described.
                # TYPE x counter
                x 1

                """
        )
    }

    @Test func aDestroyedMetricLeavesThePage() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "x_total", factory: metrics)
        counter.increment()
        counter.destroy()
        #expect(metrics.render().isEmpty)
        Counter(label: "x_total", factory: metrics).increment()
        #expect(metrics.render().contains("x_total 1\n"))
    }
}

@Suite struct ValueTests {
    let metrics = PrometheusMetrics([
        MetricDescription("wait_seconds", help: "Waiting.", buckets: [1, 0.1, .infinity, 1]),
        MetricDescription("size_bytes", help: "Sizes.", buckets: [64, 256]),
    ])

    @Test func aCounterNeverFalls() {
        let whole = Counter(label: "whole_total", factory: metrics)
        whole.increment(by: 5)
        whole.increment(by: -3)
        let fraction = FloatingPointCounter(label: "fraction_total", factory: metrics)
        fraction.increment(by: 0.5)
        fraction.increment(by: -0.25)
        fraction.increment(by: Double.nan)
        #expect(metrics.render().contains("\nwhole_total 5\n"))
        #expect(metrics.render().contains("\nfraction_total 0.5\n"))
        whole.reset()
        #expect(metrics.render().contains("\nwhole_total 0\n"))
    }

    @Test func aGaugeGoesUpAndDown() {
        let gauge = Meter(label: "level", factory: metrics)
        gauge.set(10)
        gauge.increment(by: 0.5)
        gauge.decrement(by: 12)
        #expect(metrics.render().contains("\nlevel -1.5\n"))
        CoreMetrics.Gauge(label: "ratio", factory: metrics).record(Double.infinity)
        #expect(metrics.render().contains("\nratio +Inf\n"))
    }

    @Test func aTimerIsShownInSeconds() {
        let timer = CoreMetrics.Timer(label: "wait_seconds", dimensions: [("model", "m")], factory: metrics)
        timer.recordMilliseconds(50)
        timer.recordMilliseconds(100)
        timer.recordSeconds(0.5)
        timer.recordSeconds(2)
        #expect(
            metrics.render() == """
                # HELP wait_seconds Waiting.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{model="m",le="0.1"} 2
                wait_seconds_bucket{model="m",le="1"} 3
                wait_seconds_bucket{model="m",le="+Inf"} 4
                wait_seconds_sum{model="m"} 2.65
                wait_seconds_count{model="m"} 4

                """
        )
    }

    @Test func aLabelNamedAsTheBucketsBoundGivesWayToIt() {
        CoreMetrics.Timer(label: "wait_seconds", dimensions: [("le", "x")], factory: metrics).recordSeconds(1)
        #expect(metrics.render().contains("wait_seconds_bucket{le_=\"x\",le=\"0.1\"} 0\n"))
    }

    @Test func anAggregatingRecorderIsAHistogramOfItsOwnBuckets() {
        let recorder = Recorder(label: "size_bytes", factory: metrics)
        recorder.record(64)
        recorder.record(65)
        recorder.record(1_000)
        recorder.record(Double.nan)
        let page = metrics.render()
        #expect(page.contains("size_bytes_bucket{le=\"64\"} 1\nsize_bytes_bucket{le=\"256\"} 2\n"))
        #expect(page.contains("size_bytes_bucket{le=\"+Inf\"} 3\nsize_bytes_sum 1129\nsize_bytes_count 3\n"))
    }

    @Test func incrementsFromManyTasksAreAllCounted() async {
        let tasks = 8
        let times = 10_000
        await withTaskGroup { group in
            for _ in 0..<tasks {
                group.addTask { [metrics] in
                    let whole = Counter(label: "whole_total", factory: metrics)
                    let fraction = FloatingPointCounter(label: "fraction_total", factory: metrics)
                    let level = Meter(label: "level", factory: metrics)
                    let timer = CoreMetrics.Timer(label: "wait_seconds", factory: metrics)
                    for _ in 0..<times {
                        whole.increment()
                        fraction.increment(by: 0.5)
                        level.increment(by: 1)
                        timer.recordSeconds(1)
                    }
                }
            }
        }
        let page = metrics.render()
        #expect(page.contains("\nwhole_total 80000\n"))
        #expect(page.contains("\nfraction_total 40000\n"))
        #expect(page.contains("\nlevel 80000\n"))
        #expect(page.contains("wait_seconds_bucket{le=\"1\"} 80000\n"))
        #expect(page.contains("wait_seconds_sum 80000\nwait_seconds_count 80000\n"))
    }
}

@Suite struct BoundedLabelsTests {
    @Test func valuesBeyondTheLimitBecomeOther() {
        let labels = BoundedLabels(limit: 2)
        #expect(["a", "b", "c", "a", "d"].map { labels.value($0, of: "model") } == ["a", "b", "other", "a", "other"])
    }

    @Test func everyLabelNameHasItsOwnLimit() {
        let labels = BoundedLabels(limit: 1)
        #expect(labels.value("a", of: "model") == "a")
        #expect(labels.value("b", of: "client") == "b")
    }

    @Test func aVeryLongValueBecomesOtherAndTakesNoPlace() {
        let labels = BoundedLabels(limit: 1)
        #expect(labels.value(String(repeating: "x", count: 129), of: "model") == "other")
        #expect(labels.value("a", of: "model") == "a")
    }
}
