import CCurl
import Glibc

/// What a load generator is to do.
struct LoadOrder {
    var plan = StreamPlan()
    /// Streams in all, and at the same time.
    var streams = 1
    var concurrent = 1
    /// How many are started in a second; `nil` for as fast as it goes.
    var startsPerSecond: Int?
    /// When the client leaves a stream.
    var leaving = Leaving.never
    /// Whether the client reads nothing of what it is sent.
    var isStalled = false
    /// Everything that is still open is left after this time.
    var limitSeconds = 30.0

    /// When the client leaves a stream.
    enum Leaving: Equatable {
        case never
        case afterEvents(Int)
        case afterMilliseconds(Int)
    }
}

/// A load generator on libcurl's multi interface with `poll`, all in the thread that calls it. It shares no code with the
/// gateway.
final class CurlLoad {
    private let url: String
    private let multi: UnsafeMutableRawPointer
    /// The connections that libcurl waits for, and where each stands in the list.
    private var watched: [pollfd] = []
    private var places: [Int32: Int] = [:]
    /// When libcurl wants to be called although no connection is ready.
    private var timer: UInt64?
    private var streams: [UnsafeMutableRawPointer: CurlStream] = [:]
    private var record = LoadRecord()

    /// - Parameter port: Where requests go, on the loopback interface.
    init(port: Int) throws {
        url = "http://127.0.0.1:\(port)/v1/chat/completions"
        guard let multi = curl_multi_init() else { throw BenchmarkError("libcurl gave no handle: out of memory") }
        self.multi = multi
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = loopguard_curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
        _ = loopguard_curl_multi_set_socket(multi) { _, socket, what, context, _ in
            context.map { Unmanaged<CurlLoad>.fromOpaque($0).takeUnretainedValue().watch(socket, what) }
            return 0
        }
        _ = loopguard_curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
        _ = loopguard_curl_multi_set_timer(multi) { _, milliseconds, context in
            context.map { Unmanaged<CurlLoad>.fromOpaque($0).takeUnretainedValue().setTimer(milliseconds) }
            return 0
        }
    }

    deinit {
        for stream in streams.values { curl_multi_remove_handle(multi, stream.handle) }
        curl_multi_cleanup(multi)
    }

    /// What is open now.
    struct Progress {
        /// Streams under way.
        var open: Int
        /// Streams that have brought an event, since the start.
        var begun: Int
        /// Seconds since the start.
        var seconds: Double
    }

    /// Carries an order out. `goesOn` is asked at least every 20 ms; when it says no, whatever is open is left.
    func run(_ order: LoadOrder, goesOn: (Progress) -> Bool = { _ in true }) throws -> LoadRecord {
        record = LoadRecord()
        record.latencies.reserveCapacity(min(order.plan.events * order.streams, 4_000_000))
        let body = order.plan.requestBody
        let start = monotonicNanoseconds()
        var started = 0
        while record.completed + record.failed + record.left < order.streams {
            let seconds = Double(monotonicNanoseconds() - start) / 1e9
            let due = order.startsPerSecond.map { Int(seconds * Double($0)) + 1 } ?? order.streams
            while started < min(due, order.streams), streams.count < order.concurrent {
                try begin(body, order)
                started += 1
            }
            let progress = Progress(open: streams.count, begun: record.firstEvents.count, seconds: seconds)
            guard seconds < order.limitSeconds, goesOn(progress) else {
                leaveAll()
                break
            }
            wait(milliseconds: order.startsPerSecond == nil && order.leaving == .never ? 20 : 1)
            collect(order)
            leaveDue(order)
        }
        record.seconds = Double(monotonicNanoseconds() - start) / 1e9
        return record
    }

    // MARK: - Streams

    private func begin(_ body: [UInt8], _ order: LoadOrder) throws {
        let stream = try CurlStream(url: url, body: body, isStalled: order.isStalled, record: record)
        streams[stream.handle] = stream
        curl_multi_add_handle(multi, stream.handle)
    }

    /// Notes the streams that have ended.
    private func collect(_ order: LoadOrder) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let stream = streams[handle]
            else { continue }
            let result = message.pointee.data.result
            let expected = order.plan.streams ? order.plan.events : 1
            if result == CURLE_OK, stream.status == 200, stream.events == expected {
                record.completed += 1
            } else {
                record.failed += 1
                let why = String(cString: curl_easy_strerror(result))
                record.failure =
                    record.failure
                    ?? "\(why), status \(stream.status), \(stream.events) of \(expected) events from \(url)"
            }
            remove(stream)
        }
    }

    private func leaveDue(_ order: LoadOrder) {
        guard order.leaving != .never else { return }
        let now = monotonicNanoseconds()
        for stream in streams.values {
            let isDue =
                switch order.leaving {
                case .never: false
                case .afterEvents(let count): stream.events >= count
                case .afterMilliseconds(let time): now - stream.startedAt >= UInt64(time) * 1_000_000
                }
            if isDue { leave(stream) }
        }
    }

    private func leaveAll() { for stream in Array(streams.values) { leave(stream) } }

    /// Closes the connection in the middle of the response.
    private func leave(_ stream: CurlStream) {
        record.left += 1
        record.leftAt = monotonicNanoseconds()
        remove(stream)
    }

    private func remove(_ stream: CurlStream) {
        curl_multi_remove_handle(multi, stream.handle)
        streams[stream.handle] = nil
    }

    // MARK: - Events

    /// Waits for connections or the timer and lets libcurl deal with them.
    private func wait(milliseconds limit: Int) {
        var timeout = limit
        if let timer {
            let now = monotonicNanoseconds()
            timeout = min(timeout, timer <= now ? 0 : Int((timer - now + 999_999) / 1_000_000))
        }
        var running: Int32 = 0
        var left = poll(&watched, UInt(watched.count), Int32(timeout))
        if left > 0 {
            // libcurl changes the list while it is called.
            for connection in watched where connection.revents != 0 && left > 0 {
                left -= 1
                let events = Int32(connection.revents)
                var what: Int32 = 0
                if events & (POLLIN | POLLHUP) != 0 { what |= CURL_CSELECT_IN }
                if events & POLLOUT != 0 { what |= CURL_CSELECT_OUT }
                if events & POLLERR != 0 { what |= CURL_CSELECT_ERR }
                curl_multi_socket_action(multi, connection.fd, what, &running)
            }
        }
        if let due = timer, due <= monotonicNanoseconds() {
            timer = nil
            // -1, "no connection", stands for the timer (CURL_SOCKET_TIMEOUT).
            curl_multi_socket_action(multi, -1, 0, &running)
        }
    }

    private func setTimer(_ milliseconds: Int) {
        timer = milliseconds < 0 ? nil : monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
    }

    private func watch(_ socket: Int32, _ what: Int32) {
        var events: Int32 = 0
        if what != CURL_POLL_REMOVE, what & CURL_POLL_IN != 0 { events |= POLLIN }
        if what != CURL_POLL_REMOVE, what & CURL_POLL_OUT != 0 { events |= POLLOUT }
        let connection = pollfd(fd: socket, events: Int16(events), revents: 0)
        if let place = places[socket] {
            watched[place] = connection
            guard what == CURL_POLL_REMOVE else { return }
            watched.swapAt(place, watched.count - 1)
            places[watched[place].fd] = place
            watched.removeLast()
            places[socket] = nil
        } else if what != CURL_POLL_REMOVE {
            places[socket] = watched.count
            watched.append(connection)
        }
    }
}

/// The body of a small answer, fetched with libcurl.
func fetch(_ url: String) throws -> [UInt8] {
    guard let handle = curl_easy_init() else { throw BenchmarkError("libcurl gave no handle: out of memory") }
    defer { curl_easy_cleanup(handle) }
    var body: [UInt8] = []
    _ = loopguard_curl_set_string(handle, CURLOPT_URL, url)
    _ = loopguard_curl_set_string(handle, CURLOPT_PROXY, "")
    _ = loopguard_curl_set_long(handle, CURLOPT_TIMEOUT_MS, 5_000)
    _ = loopguard_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = loopguard_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let part = UnsafeRawBufferPointer(start: bytes, count: size * count)
        context.assumingMemoryBound(to: [UInt8].self).pointee.append(contentsOf: part)
        return part.count
    }
    let result = withUnsafeMutablePointer(to: &body) { pointer in
        _ = loopguard_curl_set_pointer(handle, CURLOPT_WRITEDATA, pointer)
        return curl_easy_perform(handle)
    }
    guard result == CURLE_OK else {
        throw BenchmarkError("\(url) did not answer: \(String(cString: curl_easy_strerror(result)))")
    }
    return body
}
