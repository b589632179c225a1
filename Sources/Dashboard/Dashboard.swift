/// The web pages that come with the gateway: what runs, what ran, and a chat. They are part of the program; nothing lies
/// beside it, and nothing is fetched from elsewhere.
public enum Dashboard {
    /// One file of the dashboard, ready to be sent.
    public struct Page: Sendable, Equatable {
        /// The value of `Content-Type`.
        public var contentType: String
        /// The bytes of the body.
        public var body: [UInt8]
        /// A strong entity tag, quotes included: the same for the same bytes, in every process.
        public var entityTag: String
        /// The other header fields: what the page may do (`Content-Security-Policy`), and that it may only be kept when
        /// its tag is asked for again.
        public var headers: [(name: String, value: String)] { Dashboard.headers }

        init(_ contentType: String, _ body: [UInt8]) {
            self.contentType = contentType
            self.body = body
            entityTag = EntityTag.of(body)
        }

        /// Whether a request that has this value of `If-None-Match` has the page already.
        public func isNamed(by field: some StringProtocol) -> Bool {
            field.split(separator: ",").contains { candidate in
                let tag = String(candidate.drop { $0 == " " }.prefix { $0 != " " })
                return tag == "*" || tag == entityTag || tag == "W/" + entityTag
            }
        }

        public static func == (left: Page, right: Page) -> Bool {
            left.contentType == right.contentType && left.body == right.body
        }
    }

    /// The page at a path such as `/dashboard/` or `/dashboard/style.css`; `nil` when there is none. `/dashboard` is none:
    /// the links of the pages are relative, so it has to be redirected to ``root``.
    public static func page(at path: some StringProtocol) -> Page? {
        guard path.hasPrefix(root) else { return nil }
        return pages[String(path.dropFirst(root.count))]
    }

    /// Where the dashboard begins.
    public static let root = "/dashboard/"

    /// Scripts, styles and connections from this gateway only, no inline script or style, no markup made of text, no
    /// frame around it.
    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    static let headers = [
        (name: "Content-Security-Policy", value: policy),
        (name: "X-Content-Type-Options", value: "nosniff"),
        (name: "Referrer-Policy", value: "no-referrer"),
        (name: "Cross-Origin-Opener-Policy", value: "same-origin"),
        (name: "Cross-Origin-Resource-Policy", value: "same-origin"),
        (name: "Cache-Control", value: "no-cache"),
    ]
}
