internal import CCurl

/// Transfers one after the other, and the connections that are kept open between them. Used by one thread.
final class CurlConnections {
    private let multi: UnsafeMutableRawPointer
    private let options: TransportOptions

    /// libcurl must be set up before threads use it.
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(_ options: TransportOptions) throws(HTTPError) {
        guard Self.isReady, let multi = curl_multi_init() else {
            throw HTTPError(.other, url: "libcurl", "gave no handle", advice: "the machine is out of memory")
        }
        self.multi = multi
        self.options = options
    }

    deinit { curl_multi_cleanup(multi) }

    /// Carries a request out, on the thread that calls. When this returns, the connection of one that was stopped is closed.
    func perform(
        _ request: HTTPRequest,
        _ stop: StopSignal,
        onHead: @escaping (HTTPResponse) -> Flow,
        onBody: @escaping (UnsafeRawBufferPointer) -> Flow
    ) throws(HTTPError) -> HTTPResponse {
        let transfer = try CurlTransfer(request, options, onHead: onHead, onBody: onBody)
        stop.wakes(multi)
        defer { stop.wakes(nil) }
        curl_multi_add_handle(multi, transfer.handle)
        var running: Int32 = 1
        while !stop.isSet {
            curl_multi_perform(multi, &running)
            if running == 0 { break }
            curl_multi_poll(multi, nil, 0, 1_000, nil)
        }
        var result = CURLE_OK
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE { result = message.pointee.data.result }
        }
        // An unfinished transfer takes its connection with it; that of a finished one is kept for the next.
        curl_multi_remove_handle(multi, transfer.handle)
        return try transfer.finish(running > 0 ? nil : result)
    }
}
