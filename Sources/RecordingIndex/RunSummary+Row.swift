import Foundation
import GRDB
import Recordings

extension RunSummary {
    /// The columns of the table `run`, but for the segment's.
    var columns: [String: (any DatabaseValueConvertible)?] {
        [
            "id": id, "first": bytes.lowerBound, "last": bytes.upperBound,
            "started": request.started, "format": request.format, "path": request.path, "model": request.model,
            "client": request.client, "source": request.source, "redacted": request.isTextRedacted,
            "state": state, "reason": end?.reason, "status": end?.status, "events": end?.events,
            "came": cameBytes, "went": wentBytes, "firstByte": firstByte, "duration": duration,
            "detector": verdict?.detector, "mode": verdict?.mode, "channel": verdict?.channel, "byte": verdict?.byte,
            "event": verdict?.event, "evidence": verdict.map { Data($0.evidence) }, "dropped": isDropped,
        ]
    }

    init(row: Row, segment: String) {
        let request = RecordedRequest(
            started: row["started"],
            format: row["format"],
            path: row["path"],
            model: row["model"],
            client: row["client"],
            isTextRedacted: row["redacted"],
            source: row["source"]
        )
        let first: Int = row["first"]
        self.init(id: row["id"], request: request, segment: segment, bytes: first..<max(first, row["last"]))
        if let status: Int = row["status"] {
            end = RecordedEnd(state: row["state"], reason: row["reason"], status: status, events: row["events"] ?? 0)
        }
        if let detector: String = row["detector"] {
            verdict = RecordedVerdict(
                detector: detector,
                mode: row["mode"] ?? "",
                channel: row["channel"],
                byte: row["byte"] ?? 0,
                event: row["event"] ?? 0,
                evidence: (row["evidence"] as Data?).map { Array($0) } ?? []
            )
        }
        cameBytes = row["came"]
        wentBytes = row["went"]
        firstByte = row["firstByte"]
        duration = row["duration"]
        isDropped = row["dropped"]
    }
}
