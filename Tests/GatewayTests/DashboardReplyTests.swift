import Dashboard
import NIOHTTP1
import Testing

@testable import Gateway

struct DashboardReplyTests {
    private func ask(_ path: String, tag: String? = nil) -> (Reply, HTTPResponseHead) {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
        if let tag { head.headers.add(name: "If-None-Match", value: tag) }
        let reply = Reply.dashboard(HopByHop.path(of: path), for: head)
        return (reply, reply.head(for: head))
    }

    @Test(arguments: ["/dashboard/", "/dashboard/?state=stopped", "/dashboard/chat", "/dashboard/style.css"])
    func aPageComesWithItsPolicyAndItsTag(path: String) throws {
        let (reply, head) = ask(path)
        let page = try #require(Dashboard.page(at: HopByHop.path(of: path)))
        #expect(head.status == .ok && reply.body == page.body)
        #expect(head.headers["content-type"] == [page.contentType])
        #expect(head.headers["etag"] == [page.entityTag])
        #expect(head.headers["content-length"] == ["\(page.body.count)"])
        #expect(head.headers.first(name: "content-security-policy")?.contains("script-src 'self'") == true)
    }

    @Test func aPageThatIsKnownIsNotSentAgain() throws {
        let page = try #require(Dashboard.page(at: "/dashboard/"))
        let (reply, head) = ask("/dashboard/", tag: page.entityTag)
        #expect(head.status == .notModified && reply.body.isEmpty)
        #expect(head.headers["etag"] == [page.entityTag])
        #expect(!head.headers.contains(name: "content-length"))
        #expect(ask("/dashboard/", tag: "\"other\"").1.status == .ok)
    }

    @Test func theFolderWithoutItsSlashLeadsToIt() {
        let (_, head) = ask("/dashboard")
        #expect(head.status == .permanentRedirect && head.headers["location"] == ["dashboard/"])
    }

    @Test func whatIsNotThereIsSaidToBeMissing() {
        #expect(ask("/dashboard/none").1.status == .notFound)
    }
}
