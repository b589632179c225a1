internal import Testing

@testable internal import Dashboard

struct DashboardTests {
    @Test func theRunsAndTheChatHavePages() throws {
        for path in ["/dashboard/", "/dashboard/chat"] {
            let page = try #require(Dashboard.page(at: path))
            #expect(page.contentType == "text/html; charset=utf-8")
            #expect(String(decoding: page.body, as: UTF8.self).hasPrefix("<!doctype html>"))
        }
    }

    @Test(arguments: ["/dashboard", "/dashboard/none.js", "/dashboard/../style.css", "/style.css"])
    func thereIsNothingElsewhere(path: String) {
        #expect(Dashboard.page(at: path) == nil)
    }

    /// What a page links to has to be in the program, under the very name; nothing may come from elsewhere.
    @Test func everythingAPageNamesIsThere() throws {
        let name = try Regex(#"(?:from |import |src=|href=)"(?:\./)?([a-z-]+\.(?:js|css|svg))""#)
        var named: Set<String> = []
        for page in Dashboard.pages.values {
            let text = String(decoding: page.body, as: UTF8.self)
            for match in text.matches(of: name) { named.insert(String(match.output[1].substring ?? "")) }
            let foreign = text.contains("https://") || text.replacing("http://www.w3.org", with: "").contains("http://")
            #expect(!foreign)
        }
        #expect(named.count > 20)
        for name in named { #expect(Dashboard.page(at: "/dashboard/" + name) != nil, "\(name)") }
        #expect(named.union(["", "chat"]) == Set(Dashboard.pages.keys))
    }

    @Test func pagesHaveNoScriptsOrStylesOfTheirOwn() throws {
        let inline = try Regex(
            #"<script(?![^>]* src=)|<style| style=| on[a-z]+=|innerHTML|insertAdjacentHTML|document\.write"#
        )
        for (path, page) in Dashboard.pages {
            #expect(!String(decoding: page.body, as: UTF8.self).contains(inline), "\(path)")
        }
    }

    @Test func thePolicyAllowsNothingThatIsNotNamed() throws {
        let headers = try #require(Dashboard.page(at: "/dashboard/")).headers
        let policy = try #require(headers.first { $0.name == "Content-Security-Policy" }?.value)
        #expect(policy.hasPrefix("default-src 'none'; "))
        #expect(!policy.contains("unsafe"))
        #expect(!policy.contains("*"))
    }

    @Test func aTagNamesThePageAndNoOther() throws {
        let tags = Dashboard.pages.values.map(\.entityTag)
        #expect(Set(tags).count == tags.count)
        let page = try #require(Dashboard.page(at: "/dashboard/style.css"))
        #expect(page.entityTag.count == 18)
        #expect(page.isNamed(by: page.entityTag))
        #expect(page.isNamed(by: "\"other\", W/\(page.entityTag)"))
        #expect(page.isNamed(by: "*"))
        #expect(!page.isNamed(by: "\"other\""))
        #expect(!page.isNamed(by: ""))
    }
}
