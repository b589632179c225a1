import Runs
import Testing

struct RecordedRunTests {
    @Test func aRunIsRecordedUntilItsRecordingIsGivenUp() {
        let run = run()
        #expect(!run.isRecorded && run.label == nil)
        run.noteRecording()
        #expect(run.isRecorded)
        run.noteLostRecording()
        #expect(!run.isRecorded)
        // A verdict that comes late makes no recording whole again.
        run.noteRecording()
        #expect(!run.isRecorded)
    }

    @Test func theLastLabelCounts() {
        let run = run()
        run.label = .loop(channel: .content, began: 3)
        run.label = .healthy
        #expect(run.label == .healthy)
    }
}
