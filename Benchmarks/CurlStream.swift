import CCurl

/// One request of the load, driven by libcurl.
final class CurlStream {
    let handle: UnsafeMutableRawPointer
    let startedAt: UInt64
    private(set) var events = 0
    /// Whether nothing is read although the server sends.
    private let isStalled: Bool
    private let record: LoadRecord
    private let headers: UnsafeMutablePointer<curl_slist>?
    private var scanner = StampScanner()

    /// Bytes that one read may bring, libcurl's largest: reads are not to be cut by the client.
    private static let bufferSize = 512 * 1_024

    /// - Parameters:
    ///   - url: Where to send it.
    ///   - body: The request's body.
    ///   - isStalled: Whether it never reads.
    ///   - record: Where every event is noted.
    init(url: String, body: [UInt8], isStalled: Bool, record: LoadRecord) throws {
        guard let handle = curl_easy_init() else { throw BenchmarkError("libcurl gave no handle: out of memory") }
        self.handle = handle
        self.isStalled = isStalled
        self.record = record
        var headers = curl_slist_append(nil, "Content-Type: application/json")
        headers = curl_slist_append(headers, "Accept: text/event-stream")
        headers = curl_slist_append(headers, "Expect:")
        self.headers = headers
        startedAt = monotonicNanoseconds()
        _ = loopguard_curl_set_string(handle, CURLOPT_URL, url)
        _ = loopguard_curl_set_string(handle, CURLOPT_PROXY, "")
        _ = loopguard_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        _ = loopguard_curl_set_long(handle, CURLOPT_POST, 1)
        _ = loopguard_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, body.count)
        _ = body.withUnsafeBytes { bytes in
            loopguard_curl_set_pointer(
                handle,
                CURLOPT_COPYPOSTFIELDS,
                UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            )
        }
        _ = loopguard_curl_set_long(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        // libcurl would call back once per chunk. Undecoded it calls back once per read, which is what is counted.
        _ = loopguard_curl_set_long(handle, CURLOPT_HTTP_TRANSFER_DECODING, 0)
        _ = loopguard_curl_set_long(handle, CURLOPT_BUFFERSIZE, Self.bufferSize)
        _ = loopguard_curl_set_long(handle, CURLOPT_FORBID_REUSE, 1)
        _ = loopguard_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = loopguard_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let stream = Unmanaged<CurlStream>.fromOpaque(context).takeUnretainedValue()
            return stream.receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        // The load keeps the stream alive as long as the handle can call back.
        _ = loopguard_curl_set_pointer(handle, CURLOPT_WRITEDATA, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
    }

    /// The status of the response; 0 before there is one.
    var status: Int {
        var status = 0
        _ = loopguard_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        if isStalled { return Int(CURL_WRITEFUNC_PAUSE) }
        let now = monotonicNanoseconds()
        let before = events
        scanner.scan(bytes) { stamp in
            if events == 0 { record.firstEvents.append(now - startedAt) }
            events += 1
            record.latencies.append(UInt32(clamping: Int64(bitPattern: now &- stamp)))
        }
        record.bytes += bytes.count
        if events > before { record.reads += 1 }
        return bytes.count
    }
}

/// What all streams of a load brought.
final class LoadRecord {
    /// Nanoseconds from the start of a request to its first event.
    var firstEvents: [UInt64] = []
    /// Nanoseconds from the writing of an event to its arrival.
    var latencies: [UInt32] = []
    /// Reads that brought an event, and the bytes of all reads.
    var reads = 0
    var bytes = 0
    /// Streams that ended as they should, that did not, and that the client left.
    var completed = 0
    var failed = 0
    var left = 0
    /// The first failure, in words.
    var failure: String?
    /// When the client left last.
    var leftAt: UInt64 = 0
    /// How long it all took.
    var seconds = 0.0

    var events: Int { latencies.count }
    var eventsPerSecond: Double { Double(events) / seconds }
    var eventsPerRead: Double { Double(events) / Double(max(1, reads)) }
    var firstEventMicroseconds: Samples { Samples(firstEvents.map { Double($0) / 1_000 }) }
    var latencyMicroseconds: Samples { Samples(latencies.map { Double($0) / 1_000 }) }
}
