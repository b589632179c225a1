internal import CCurl

/// One request and its answer on an easy handle of libcurl.
final class CurlTransfer {
    let handle: UnsafeMutableRawPointer
    private let url: String
    private let onHead: (HTTPResponse) -> Flow
    private let onBody: (UnsafeRawBufferPointer) -> Flow
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// Where curl writes its sentence about a failure.
    private let sentence = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var response = HTTPResponse()

    init(
        _ request: HTTPRequest,
        _ options: TransportOptions,
        onHead: @escaping (HTTPResponse) -> Flow,
        onBody: @escaping (UnsafeRawBufferPointer) -> Flow
    ) throws(HTTPError) {
        guard let handle = curl_easy_init() else {
            throw HTTPError(.other, url: request.url, "libcurl gave no handle", advice: "the machine is out of memory")
        }
        self.handle = handle
        self.onHead = onHead
        self.onBody = onBody
        url = request.url
        sentence.pointee = 0
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard scheme == "http" || scheme == "https", url.contains("://") else {
            throw HTTPError(.invalid, url: url, "this is no HTTP URL", advice: "write http://HOST:PORT")
        }
        try write(request)
        try write(options)
        receive()
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        sentence.deallocate()
    }

    /// What became of the transfer.
    /// - Parameter result: curl's code; `nil` when the transfer was given up.
    func finish(_ result: CURLcode?) throws(HTTPError) -> HTTPResponse {
        if result == nil { response.wasStopped = true }
        var opened = 0
        _ = loopguard_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &opened)
        response.reusedConnection = opened == 0
        response.endedAt = .now
        if let result, result != CURLE_OK, !response.wasStopped {
            throw HTTPError(result, url: url, detail: String(cString: sentence))
        }
        return response
    }

    // MARK: - Asking

    private func write(_ request: HTTPRequest) throws(HTTPError) {
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_CUSTOMREQUEST, request.method)
        try set(CURLOPT_USERAGENT, "loopguard")
        set(CURLOPT_NOBODY, request.method == "HEAD" ? 1 : 0)
        if let body = request.body {
            set(CURLOPT_POSTFIELDSIZE, body.count)
            body.withUnsafeBytes { bytes in
                // Copied by curl; an empty body has no address, and any will do.
                let address = bytes.baseAddress ?? UnsafeRawPointer(sentence)
                _ = loopguard_curl_set_pointer(
                    handle,
                    CURLOPT_COPYPOSTFIELDS,
                    UnsafeMutableRawPointer(mutating: address)
                )
            }
        }
        // Nobody waits for "100 Continue", and a body is JSON or says what it is.
        for (name, value) in [("Expect", "")] + request.headers {
            guard !name.isEmpty, !(name + value).contains(where: { $0.isNewline || $0 == "\0" }) else {
                throw HTTPError(
                    .invalid,
                    url: url,
                    "the header '\(name)' cannot be sent",
                    advice: "it must be one line of text"
                )
            }
            headers = curl_slist_append(headers, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        _ = loopguard_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        set(CURLOPT_TIMEOUT_MS, request.timeout?.milliseconds ?? 0)
        if let silence = request.silence {
            set(CURLOPT_LOW_SPEED_LIMIT, 1)
            set(CURLOPT_LOW_SPEED_TIME, max(1, silence.milliseconds / 1_000))
        }
    }

    private func write(_ options: TransportOptions) throws(HTTPError) {
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        _ = loopguard_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, sentence)
        if let path = options.unixSocket { try set(CURLOPT_UNIX_SOCKET_PATH, path) }
        if let file = options.certificateAuthorities { try set(CURLOPT_CAINFO, file) }
        if let proxy = options.proxy { try set(CURLOPT_PROXY, proxy) }
        if options.isInsecure {
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if options.usesNetrc { set(CURLOPT_NETRC, Int(CURL_NETRC_REQUIRED.rawValue)) }
    }

    private func set(_ option: CURLoption, _ value: Int) { _ = loopguard_curl_set_long(handle, option, value) }

    private func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
        let code = loopguard_curl_set_string(handle, option, value)
        guard code == CURLE_OK, !value.contains("\0") else {
            throw HTTPError(code == CURLE_OK ? CURLE_URL_MALFORMAT : code, url: url, detail: "")
        }
    }

    // MARK: - Receiving

    private func receive() {
        // The caller keeps this object alive as long as curl can call back.
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = loopguard_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = loopguard_curl_set_write(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return transfer.receive(line: line) == .goOn ? line.count : 0
        }
        _ = loopguard_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        _ = loopguard_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return transfer.noted(transfer.onBody(piece)) == .goOn ? piece.count : 0
        }
    }

    private func noted(_ flow: Flow) -> Flow {
        if flow == .stop { response.wasStopped = true }
        return flow
    }

    /// One line of the head. A status line begins anew: what came before was an interim answer.
    private func receive(line: UnsafeRawBufferPointer) -> Flow {
        let text = String(decoding: line, as: UTF8.self).trimmingLineEnd
        if text.hasPrefix("HTTP/") {
            response.headers = []
            response.status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if text.isEmpty {
            if response.status >= 200, !isHeadOver {
                isHeadOver = true
                return noted(onHead(response))
            }
        } else if let colon = text.firstIndex(of: ":"), !isHeadOver {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            response.headers.append((String(text[..<colon]), String(value)))
        }
        return .goOn
    }

    /// Trailers come the same way as the head does.
    private var isHeadOver = false
}

extension Duration {
    /// Whole milliseconds, at least one.
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return max(
            1,
            Int(clamping: seconds).multipliedReportingOverflow(by: 1_000).partialValue
                + Int(attoseconds / 1_000_000_000_000_000)
        )
    }
}

extension String {
    fileprivate var trimmingLineEnd: Substring {
        // "\r\n" is one character.
        self[...].prefix { !$0.isNewline }
    }
}
