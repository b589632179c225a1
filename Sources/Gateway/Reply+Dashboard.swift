internal import Dashboard
internal import NIOHTTP1

extension Reply {
    /// A page of the dashboard, at a path that begins with `/dashboard`; status 304 when the client has it already.
    static func dashboard(_ path: Substring, for request: HTTPRequestHead) -> Reply {
        if path == Dashboard.root.dropLast() {
            // The links of the pages are relative to the folder, wherever that lies for the client.
            var redirect = Reply(.permanentRedirect, text: "")
            redirect.headers = [("Location", "dashboard/")]
            return redirect
        }
        guard let page = Dashboard.page(at: path) else {
            return .error(.notFound, "The dashboard has no such page.", type: "not_found", code: "unknown")
        }
        let known = request.headers["if-none-match"].contains { page.isNamed(by: $0) }
        var reply = Reply(known ? .notModified : .ok, json: known ? [] : page.body)
        reply.contentType = page.contentType
        reply.headers = page.headers.map { ($0.name, $0.value) } + [("ETag", page.entityTag)]
        return reply
    }
}
